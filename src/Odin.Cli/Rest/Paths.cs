namespace Odin.Cli.Rest;

/// <summary>Paths of the REST interface, with everything escaped.</summary>
internal static class Paths
{
    /// <summary>A job's name as part of a path or as a member: <c>team/wine</c> becomes <c>team__wine</c>.</summary>
    public static string EncodeJob(string job) => string.Join("__", job.Split('/', StringSplitOptions.RemoveEmptyEntries));

    public static string Job(string job) => $"v1/jobs/{Uri.EscapeDataString(EncodeJob(job))}";

    public static string JobFiles(string job) => $"{Job(job)}/files";

    public static string JobFile(string job, string file) => $"{Job(job)}/files/{Uri.EscapeDataString(file)}";

    public static string Run(string id) => $"v1/pipelines/{Uri.EscapeDataString(id)}";

    public static string Resource(string id, string what) => $"v1/resources/{Uri.EscapeDataString(id)}/{what}";

    public static string User(string name) => $"v1/users/{Uri.EscapeDataString(name)}";

    /// <summary>The path with the parameters that have a value.</summary>
    public static string WithQuery(string path, params (string Name, string? Value)[] query)
    {
        var parts = query.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}").ToList();
        return parts.Count == 0 ? path : $"{path}?{string.Join('&', parts)}";
    }
}

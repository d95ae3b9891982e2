using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Odin.Pipelines;
using Odin.Server.Hosting;

namespace Odin.Server.Jobs;

/// <summary>A job as the REST API shows it.</summary>
/// <param name="Id">With slashes.</param>
/// <param name="Location">Of <c>main.yml</c>; of the directory in the answer to its creation.</param>
/// <param name="CreationTime">Only in the answer to its creation.</param>
/// <param name="Tasks">As in the file, normalised: see <see cref="JobTaskWire"/>.</param>
/// <param name="Configs">The other text files of the directory.</param>
/// <param name="Commit">What it was read from.</param>
/// <param name="Errors">What is wrong with the definition; then there are no tasks.</param>
public sealed record JobWire(
    string Id,
    string Name,
    string Location,
    string? CreationTime,
    IReadOnlyList<JsonObject> Tasks,
    IReadOnlyList<ConfigWire> Configs,
    string Commit,
    IReadOnlyList<ProblemItem> Errors)
{
    internal static JobWire From(JobFiles job, PipelineParserOptions options)
    {
        // A job with templates cannot be read before a run gives them values.
        var hasDefinition = job.MainYml.Length > 0;
        var parsed = hasDefinition ? PipelineParser.Parse(job.MainYml, PipelineParser.FileName, options) : new PipelineParseResult(null, []);
        return new JobWire(
            job.Name,
            job.Name,
            job.Location,
            null,
            [.. (parsed.Pipeline?.Tasks ?? []).Select(t => JobTaskWire.From(job.Name, t))],
            [.. job.Configs.Select(c => new ConfigWire(c.Location, c.Name, c.Content))],
            job.Commit,
            [.. parsed.Diagnostics.Where(d => d.Code != DiagnosticCodes.NoTasks).Select(ProblemItem.From)]);
    }
}

/// <summary>A file of a job.</summary>
/// <param name="Id">Its location.</param>
public sealed record ConfigWire(string Id, string Name, string Content);

/// <summary>
/// A task of a definition: the inherited members first, always there and in one shape each; then whatever else the file
/// says of it under the file's own names, so that a definition survives being read and written back.
/// </summary>
internal static class JobTaskWire
{
    private static readonly HashSet<string> Inherited =
    [
        "name", "image", "command", "args", "mounts", "num_gpus", "pull_policy", "node_selector", "resource_type",
        "num_workers", "depends", "inputs", "outputs",
    ];

    public static JsonObject From(string job, PipelineTask task)
    {
        var file = PipelineWriter.ToJson(task);
        var wire = new JsonObject
        {
            ["id"] = $"{job}--{task.Name}",
            ["name"] = task.Name,
            ["image"] = task.Image,
            ["command"] = file["command"]?.DeepClone(),
            ["args"] = List(task.Args),
            ["mounts"] = new JsonArray([.. task.Mounts.Select(m => new JsonObject { ["path"] = m.Path, ["name"] = m.Name, ["claim"] = m.Claim })]),
            ["numGpus"] = task.NumGpus,
            ["pullPolicy"] = task.PullPolicy,
            ["nodeSelector"] = Pairs(task.NodeSelector, value => JsonValue.Create(value)),
            ["resourceType"] = task.ResourceType,
            ["numWorkers"] = task.NumWorkers,
            ["depends"] = List(task.DependsOn),
            ["inputs"] = List(task.Inputs),
            ["outputs"] = Pairs(task.Outputs, output => output.IsList ? List(output.Paths) : JsonValue.Create(output.Paths[0])),
        };
        foreach (var (key, value) in file.Where(p => !Inherited.Contains(p.Key)))
            wire[key] = value?.DeepClone();
        return wire;
    }

    private static JsonArray List(IReadOnlyList<string>? texts) => [.. (texts ?? []).Select(t => (JsonNode?)t)];

    private static JsonArray Pairs<T>(IReadOnlyDictionary<string, T>? map, Func<T, JsonNode?> convert) =>
        [.. (map ?? new Dictionary<string, T>()).Select(p => new JsonObject { ["key"] = p.Key, ["value"] = convert(p.Value) })];
}

/// <summary>Makes the files of a job from what a client sends.</summary>
internal static class JobDraft
{
    /// <summary>
    /// The new <c>main.yml</c>. The wire has no place for what stands above the tasks (name, parameters, failure policy), so
    /// that is kept from the definition there is.
    /// </summary>
    public static string MainYml(JsonArray tasks, JobFiles? present, PipelineParserOptions options)
    {
        var text = PipelineWriter.Write(null, tasks);
        if (present is null || PipelineParser.Parse(present.MainYml, PipelineParser.FileName, options).Pipeline is not { } kept)
            return text;
        var head = PipelineWriter.Write(kept with { Tasks = [] });
        // Our own writer puts the tasks last, and there are none.
        return head[..head.LastIndexOf("tasks:", StringComparison.Ordinal)] + text;
    }

    /// <summary>The other files by name.</summary>
    public static Dictionary<string, ReadOnlyMemory<byte>> Files(JsonNode? configs)
    {
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var config in configs as JsonArray ?? [])
        {
            if (config is not JsonObject file)
                throw new InvalidRequestException(new ProblemItem("WrongType", "'configs' must be a list of files.") { Location = "configs" });
            var name = JobFileName.Parse(file.RequiredText("name")).Value;
            if (name != PipelineParser.FileName)
                files[name] = Encoding.UTF8.GetBytes(file.Text("content") ?? "");
        }
        return files;
    }
}

/// <summary>Jobs.</summary>
public sealed record JobList(IReadOnlyList<JobWire> Jobs);

/// <summary>One job.</summary>
public sealed record JobAnswer(JobWire Job);

/// <summary>A wish for a new job.</summary>
public sealed record CreateJobRequest(NewJob Job);

/// <summary>The name of a new job, with <c>/</c> or <c>__</c> between its parts.</summary>
public sealed record NewJob(string Name);

/// <summary>A wish to replace the tasks of a job; also accepted without the wrapper.</summary>
public sealed record ReplaceJobRequest(ReplacedJob Job);

/// <summary>The new tasks; files that are not named stay.</summary>
public sealed record ReplacedJob(string? Name, IReadOnlyList<JsonObject> Tasks, IReadOnlyList<ConfigWire>? Configs);

/// <summary>What was stored.</summary>
/// <param name="Location">The place of the file, <c>@</c>, and the commit.</param>
public sealed record UploadAnswer(long Bytes, string Location);

/// <summary>What was stored of an archive.</summary>
/// <param name="Location">The place of the job, <c>@</c>, and the commit.</param>
/// <param name="Removed">Paths in the job.</param>
/// <param name="Changed">False: everything was like this already, and the commit is the head.</param>
public sealed record ArchiveAnswer(long Bytes, string Location, int Files, IReadOnlyList<string> Removed, string Commit, bool Changed);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(JobAnswer))]
[JsonSerializable(typeof(CreateJobRequest))]
[JsonSerializable(typeof(ReplaceJobRequest))]
[JsonSerializable(typeof(UploadAnswer))]
[JsonSerializable(typeof(ArchiveAnswer))]
internal sealed partial class JobWireJson : JsonSerializerContext;

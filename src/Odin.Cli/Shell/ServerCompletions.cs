using System.CommandLine.Completions;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;

namespace Odin.Cli.Shell;

/// <summary>Names of runs, jobs and entities for a shell, from the server; none when it does not answer at once.</summary>
internal static class ServerCompletions
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    public static IEnumerable<string> Runs(CliSession session, CompletionContext context) => Names(
        session, context, Paths.WithQuery("v1/pipelines", ("q", context.WordToComplete), ("limit", "50"), ("tasks", "false")), "pipelines", "id");

    public static IEnumerable<string> Jobs(CliSession session, CompletionContext context) => Names(
        session, context, Paths.WithQuery("v1/jobs", ("q", context.WordToComplete.Replace("/", "__", StringComparison.Ordinal))), "jobs", "name");

    /// <param name="path">Of a noun of the model lifecycle.</param>
    public static IEnumerable<string> Entities(CliSession session, CompletionContext context, string path) => Names(session, context, path, null, "id");

    // The parser asks synchronously; there is nothing else for the process to do meanwhile.
    private static List<string> Names(CliSession session, CompletionContext context, string path, string? list, string member)
    {
        try
        {
            using var limit = new CancellationTokenSource(Limit, session.Environment.Time);
            using var client = session.Connect(context.ParseResult);
            var answer = client.GetAsync(path, limit.Token).GetAwaiter().GetResult();
            // Null: the answer is itself the list.
            var entries = (list is null ? answer.Body : (answer.Body as JsonObject)?[list]) as JsonArray ?? [];
            return [.. entries.Select(n => (n as JsonObject)?[member]?.ToString()).OfType<string>()];
        }
        catch (Exception e) when (e is CliException or OperationCanceledException or HttpRequestException or IOException)
        {
            // A shell that waits for its completions wants no error messages among them.
            return [];
        }
    }
}

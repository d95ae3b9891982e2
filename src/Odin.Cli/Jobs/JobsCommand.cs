using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Jobs;

/// <summary><c>odin jobs</c>: what can be run.</summary>
internal sealed class JobsCommand : RemoteCommand
{
    private static readonly Argument<string?> Prefix = new("PREFIX") { Description = "How the name begins; may hold * and ?.", Arity = ArgumentArity.ZeroOrOne };

    public JobsCommand(CliSession session)
        : base(session, "jobs", "Lists the jobs in the pipelines repository.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin jobs", "odin jobs team/"];
        Take(output: true, Prefix);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var prefix = call.Parse.GetValue(Prefix)?.Replace("/", "__", StringComparison.Ordinal);
        var answer = (await call.Client.GetAsync(Paths.WithQuery("v1/jobs", ("q", prefix)), cancellationToken)).EnsureSuccess();
        var jobs = answer.Member("jobs").AsArray().OfType<JsonObject>().ToList();
        if (call.Printer.Data(answer.Body, jobs.Select(j => j["name"]?.ToString())))
            return ExitCode.Success;
        if (jobs.Count == 0)
        {
            call.Printer.Note("There are no such jobs. `odin push JOB DIR --create` adds one.");
            return ExitCode.Success;
        }
        string[] columns = ["job", "tasks"];
        TextTable.WriteMany(
            call.Printer.Messages,
            columns,
            [.. jobs.Select(j => new object?[] { j["name"]?.ToString(), (long)((j["tasks"] as JsonArray)?.Count ?? 0) })]);
        return ExitCode.Success;
    }
}

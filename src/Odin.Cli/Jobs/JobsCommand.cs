using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Jobs;

/// <summary><c>odin jobs</c>: what can be run.</summary>
internal sealed class JobsCommand : OdinCommand
{
    private static readonly Argument<string?> Prefix = new("PREFIX") { Description = "How the name begins; may hold * and ?.", Arity = ArgumentArity.ZeroOrOne };

    public JobsCommand(CliSession session)
        : base(session, "jobs", "Lists the jobs in the pipelines repository.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin jobs", "odin jobs team/"];
        Add(Prefix);
        Add(OutputOptions.Format);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var prefix = parse.GetValue(Prefix)?.Replace("/", "__", StringComparison.Ordinal);
        var answer = (await client.GetAsync(Paths.WithQuery("v1/jobs", ("q", prefix)), cancellationToken)).EnsureSuccess();
        var jobs = answer.Member("jobs").AsArray().OfType<JsonObject>().ToList();
        var printer = Session.Printer(parse);
        if (printer.Data(answer.Body, jobs.Select(j => j["name"]?.ToString())))
            return ExitCode.Success;
        if (jobs.Count == 0)
        {
            printer.Note("There are no such jobs. `odin push JOB DIR --create` adds one.");
            return ExitCode.Success;
        }
        string[] columns = ["job", "tasks"];
        TextTable.WriteMany(
            printer.Messages,
            columns,
            [.. jobs.Select(j => new object?[] { j["name"]?.ToString(), (long)((j["tasks"] as JsonArray)?.Count ?? 0) })]);
        return ExitCode.Success;
    }
}

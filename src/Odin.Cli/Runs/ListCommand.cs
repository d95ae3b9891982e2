using System.CommandLine;
using System.Globalization;
using Odin.Cli.Output;
using Odin.Cli.Progress;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin list</c>: the runs.</summary>
internal sealed class ListCommand : RemoteCommand
{
    private static readonly Argument<string?> Pattern = new("PATTERN") { Description = "A part of the id.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string?> Status = new("--status") { Description = "Only runs in this state: running, done, terminated, …", HelpName = "STATE" };
    private static readonly Option<string?> Job = new("--job") { Description = "Only runs of this job.", HelpName = "JOB" };
    private static readonly Option<int> Limit = new("--limit", "-n") { Description = "At most so many.", HelpName = "N", DefaultValueFactory = _ => 20 };
    private static readonly Option<int?> Offset = new("--offset") { Description = "Leave out the first ones.", HelpName = "N" };
    private static readonly Option<string?> Continue = new("--continue") { Description = "Go on after the page that gave this.", HelpName = "TEXT" };
    private static readonly Option<string?> Order = CreateOrder();

    public ListCommand(CliSession session)
        : base(session, "list", "Lists runs, the newest first.")
    {
        Group = CommandGroup.Start;
        Examples = ["odin list", "odin list --status running", "odin list --job team/wine --limit 5", "odin list wine -o name"];
        Take(output: true, Pattern, Status, Job, Limit, Offset, Continue, Order);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var path = Paths.WithQuery(
            "v1/pipelines",
            ("q", call.Parse.GetValue(Pattern)),
            ("status", call.Parse.GetValue(Status)),
            ("job", call.Parse.GetValue(Job)),
            ("limit", RunsClient.Number(call.Parse.GetValue(Limit))),
            ("offset", RunsClient.Number(call.Parse.GetValue(Offset))),
            ("continue", call.Parse.GetValue(Continue)),
            ("order", call.Parse.GetValue(Order) switch { "oldest" => "asc", "newest" => "desc", _ => null }),
            ("tasks", "false"));
        var answer = (await call.Client.GetAsync(path, cancellationToken)).EnsureSuccess();
        var runs = answer.ReadList("pipelines", CliJson.Default.PipelineRecord);
        if (!call.Printer.Data(answer.Body, runs.Select(r => r.Id)))
            Print(call.Printer, runs);
        if (call.Printer.Format is OutputFormat.Table or OutputFormat.Name && RunsClient.Continue(answer) is { } next)
            call.Printer.Note($"There are more: add --continue '{next}', or a larger --limit.");
        return ExitCode.Success;
    }

    private static void Print(Printer printer, IReadOnlyList<PipelineRecord> runs)
    {
        if (runs.Count == 0)
        {
            printer.Note("There are no such runs. `odin run JOB` starts one, `odin jobs` shows the jobs.");
            return;
        }
        string[] columns = ["run", "job", "state", "submitted", "took"];
        var now = printer.Environment.Time.GetUtcNow();
        object?[][] rows =
        [
            .. runs.Select(run => new object?[]
            {
                run.Id,
                run.Job,
                run.State ?? run.Status,
                ProgressTable.Time(run.SubmitTime)?.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "",
                ProgressTable.Time(run.SubmitTime) is { } from ? ProgressTable.Duration((ProgressTable.Time(run.CompletionTime) ?? now) - from) : "",
            }),
        ];
        TextTable.WriteMany(printer.Messages, columns, rows);
    }

    private static Option<string?> CreateOrder()
    {
        var option = new Option<string?>("--order") { Description = "Which come first." };
        option.AcceptOnlyFromAmong("newest", "oldest");
        return option;
    }
}

using System.CommandLine;
using System.Globalization;
using Odin.Cli.Output;
using Odin.Cli.Progress;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Runs;

/// <summary><c>odin list</c>: the runs.</summary>
internal sealed class ListCommand : OdinCommand
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
        Add(Pattern);
        foreach (var option in new Option[] { Status, Job, Limit, Offset, Continue, Order, OutputOptions.Format })
            Add(option);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var path = Paths.WithQuery(
            "v1/pipelines",
            ("q", parse.GetValue(Pattern)),
            ("status", parse.GetValue(Status)),
            ("job", parse.GetValue(Job)),
            ("limit", RunsClient.Number(parse.GetValue(Limit))),
            ("offset", RunsClient.Number(parse.GetValue(Offset))),
            ("continue", parse.GetValue(Continue)),
            ("order", parse.GetValue(Order) switch { "oldest" => "asc", "newest" => "desc", _ => null }),
            ("tasks", "false"));
        var answer = (await client.GetAsync(path, cancellationToken)).EnsureSuccess();
        var runs = answer.ReadList("pipelines", CliJson.Default.PipelineRecord);
        var printer = Session.Printer(parse);
        if (!printer.Data(answer.Body, runs.Select(r => r.Id)))
            Print(printer, runs);
        if (printer.Format is OutputFormat.Table or OutputFormat.Name && RunsClient.Continue(answer) is { } next)
            printer.Note($"There are more: add --continue '{next}', or a larger --limit.");
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

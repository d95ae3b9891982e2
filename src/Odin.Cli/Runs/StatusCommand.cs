using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;
using Odin.Cli.Sockets;

namespace Odin.Cli.Runs;

/// <summary><c>odin status</c>: the tasks of the runs that match.</summary>
internal sealed class StatusCommand : OdinCommand
{
    private static readonly Option<bool> All = new("--all") { Description = "Every column." };
    private static readonly Option<string[]> Columns = CreateColumns();
    private readonly Argument<string> pattern;

    public StatusCommand(CliSession session)
        : base(session, "status", "Shows the tasks of the runs whose id or job matches.")
    {
        Group = CommandGroup.Start;
        Examples =
        [
            "odin status wine",
            "odin status wine-3f9ak2xwj --watch",
            "odin status wine --columns image completed",
            "odin status wine -o json",
        ];
        pattern = RunArgument.Create(session, "PATTERN", "A run's id, or a part of it.");
        Add(pattern);
        foreach (var option in new Option[] { All, Columns, RunOptions.Watch, OutputOptions.Format })
            Add(option);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var printer = Session.Printer(parse);
        var wanted = parse.GetRequiredValue(pattern);
        if (client.Connection.IsWebSocket)
            return await OverSocketAsync(parse, client, printer, wanted, cancellationToken);
        var runs = new RunsClient(client);
        var (document, found) = await runs.FindAsync(wanted, cancellationToken);
        if (parse.GetValue(RunOptions.Watch))
            return await new RunFollower(Session, printer, runs).FollowAsync(One(found, wanted), show: true, cancellationToken);
        return Show(parse, printer, document, found, wanted);
    }

    private static string One(IReadOnlyList<PipelineRecord> found, string wanted)
    {
        var exact = found.FirstOrDefault(r => r.Id == wanted);
        if (exact is null && found.Count == 0)
            throw Nothing(wanted);
        if (exact is null && found.Count > 1)
        {
            throw new CliException(
                ExitCode.Usage,
                $"'{wanted}' matches {found.Count} runs: {string.Join(", ", found.Take(5).Select(r => r.Id))}{(found.Count > 5 ? " …" : "")}",
                "Give the whole id of the one to watch.");
        }
        return (exact ?? found[0]).Id!;
    }

    private static CliException Nothing(string wanted) => new(ExitCode.NotFound, $"no run matches '{wanted}'", RunsClient.RunHint);

    private int Show(ParseResult parse, Printer printer, JsonNode document, IReadOnlyList<PipelineRecord> found, string wanted)
    {
        if (printer.Data(document, found.Select(r => r.Id)))
            return ExitCode.Success;
        if (found.Count == 0)
            // The original says nothing at all here, and scripts rely on it.
            return Session.StockAlias ? ExitCode.Success : throw Nothing(wanted);
        var columns = StatusBlock.Columns(parse.GetValue(All), parse.GetValue(Columns) ?? []);
        for (var i = 0; i < found.Count; i++)
        {
            if (i > 0)
                printer.Say("");
            StatusBlock.Write(printer.Messages, found[i], columns, Session.Environment.ColourOut);
            if (!Session.StockAlias && found[i] is { IsEnded: true, IsSuccess: false, Message: { Length: > 0 } message })
                printer.Note($"{found[i].Id}: {message}");
        }
        return ExitCode.Success;
    }

    private async Task<int> OverSocketAsync(
        ParseResult parse, OdinClient client, Printer printer, string wanted, CancellationToken cancellationToken)
    {
        if (parse.GetValue(RunOptions.Watch))
            throw new CliException(ExitCode.Usage, "the WebSocket protocol cannot watch a run", "Leave --scheme out, or give --scheme http.");
        var token = await client.TokenAsync(cancellationToken);
        var frame = await OdinSocket.AskAsync(client.Connection, token, "STATUS", JsonValue.Create(wanted), cancellationToken);
        var found = (frame.Response as JsonArray ?? []).Select(OdinSocket.ToRun).ToList();
        return Show(parse, printer, frame.Response ?? new JsonArray(), found, wanted);
    }

    private static Option<string[]> CreateColumns()
    {
        var option = new Option<string[]>("--columns")
        {
            Description = "Further columns beside the usual ones.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };
        option.AcceptOnlyFromAmong([.. StatusBlock.AllColumns]);
        return option;
    }
}

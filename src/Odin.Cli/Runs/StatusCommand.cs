using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Progress;
using Odin.Cli.Rest;
using Odin.Cli.Sockets;

namespace Odin.Cli.Runs;

/// <summary><c>odin status</c>: the tasks of the runs that match.</summary>
internal sealed class StatusCommand : RemoteCommand
{
    private static readonly Option<bool> All = new("--all") { Description = "Every column of the original client." };
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
            "odin status wine --columns state attempt duration exit",
            "odin status wine -o json",
        ];
        pattern = RunArgument.Create(session, "PATTERN", "A run's id, or a part of it.");
        Take(output: true, pattern, All, Columns, RunOptions.Watch);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var wanted = call.Parse.GetRequiredValue(pattern);
        if (call.IsWebSocket)
            return await OverSocketAsync(call, wanted, cancellationToken);
        var (document, found) = await call.Runs.FindAsync(wanted, cancellationToken);
        if (call.Parse.GetValue(RunOptions.Watch))
            return await new RunFollower(call).FollowAsync(One(found, wanted), show: true, cancellationToken);
        return Show(call, document, found, wanted);
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

    private int Show(RemoteCall call, JsonNode document, IReadOnlyList<PipelineRecord> found, string wanted)
    {
        if (call.Printer.Data(document, found.Select(r => r.Id)))
            return ExitCode.Success;
        if (found.Count == 0)
            // The original says nothing at all here, and scripts rely on it.
            return Session.StockAlias ? ExitCode.Success : throw Nothing(wanted);
        var columns = StatusBlock.Columns(call.Parse.GetValue(All), call.Parse.GetValue(Columns) ?? []);
        for (var i = 0; i < found.Count; i++)
        {
            if (i > 0)
                call.Printer.Say("");
            StatusBlock.Write(call.Printer.Messages, found[i], columns, Session.Environment.ColourOut, Session.Environment.Time.GetUtcNow());
            if (!Session.StockAlias && found[i] is { IsEnded: true, IsSuccess: false, Message: { Length: > 0 } message })
                call.Printer.Note($"{found[i].Id}: {message}");
            if (!Session.StockAlias)
                WaitingTasks.Write(call.Printer, found[i].Tasks);
        }
        return ExitCode.Success;
    }

    private async Task<int> OverSocketAsync(RemoteCall call, string wanted, CancellationToken cancellationToken)
    {
        if (call.Parse.GetValue(RunOptions.Watch))
            throw new CliException(ExitCode.Usage, "the WebSocket protocol cannot watch a run", "Leave --scheme out, or give --scheme http.");
        var frame = await call.AskAsync("STATUS", JsonValue.Create(wanted), RunsClient.RunHint, cancellationToken);
        var found = (frame.Response as JsonArray ?? []).Select(OdinSocket.ToRun).ToList();
        return Show(call, frame.Response ?? new JsonArray(), found, wanted);
    }

    private static Option<string[]> CreateColumns()
    {
        var option = new Option<string[]>("--columns")
        {
            Description = "Further columns beside the usual ones: those of --all, and state, attempt, duration, exit, reason.",
            HelpName = "NAME",
            AllowMultipleArgumentsPerToken = true,
        };
        option.AcceptOnlyFromAmong([.. StatusBlock.AllColumns, .. StatusBlock.OwnColumns]);
        return option;
    }
}

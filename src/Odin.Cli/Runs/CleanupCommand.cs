using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin cleanup</c>: removes what a run left behind.</summary>
internal sealed class CleanupCommand : RemoteCommand
{
    private static readonly string[] Columns = ["task_id", "cleaned_from_k8s", "purged_from_db", "removed_from_fs"];
    private static readonly Option<bool> Database = new("--db", "-d") { Description = "Forget the run and its tasks." };
    private static readonly Option<bool> Files = new("--fs", "-f") { Description = "Delete the run's files." };
    private readonly Argument<string> run;

    public CleanupCommand(CliSession session)
        : base(session, "cleanup", "Stops a run and removes what it left at the back end; with flags its files and records too.")
    {
        Examples = ["odin cleanup wine-3f9ak2xwj", "odin cleanup wine-3f9ak2xwj --db --fs"];
        run = RunArgument.Create(session, "RUN", "The id of the run.");
        Take(output: true, run, Database, Files);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        return call.IsWebSocket
            ? await OverSocketAsync(call, cancellationToken)
            : await OverRestAsync(call, cancellationToken);
    }

    private async Task<int> OverRestAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var path = Paths.WithQuery(
            Paths.Run(call.Parse.GetRequiredValue(run)),
            ("db", call.Parse.GetValue(Database) ? "true" : "false"),
            ("fs", call.Parse.GetValue(Files) ? "true" : "false"));
        var answer = await call.Client.DeleteAsync(path, cancellationToken);
        if (!Session.StockAlias)
            answer.EnsureSuccess(RunsClient.RunHint);
        else if (!answer.IsSuccess && (answer.Body as JsonObject)?["cleanups"] is not JsonArray)
            throw answer.Failure(RunsClient.RunHint);
        var rows = answer.ReadList("cleanups", CliJson.Default.CleanupRecord);
        Print(call.Printer, answer.Body, [.. rows.Select(r => new object?[] { r.TaskId, r.CleanedFromK8s, r.PurgedFromDb, r.RemovedFromFs })]);
        return answer.IsSuccess ? ExitCode.Success : ExitCode.NotFound;
    }

    private async Task<int> OverSocketAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var wish = new JsonObject
        {
            ["work"] = call.Parse.GetRequiredValue(run),
            ["purge_db"] = call.Parse.GetValue(Database),
            ["purge_fs"] = call.Parse.GetValue(Files),
        };
        var frame = await call.AskAsync("CLEANUP", wish, RunsClient.RunHint, cancellationToken);
        var rows = (frame.Response as JsonArray ?? []).OfType<JsonObject>();
        Print(call.Printer, frame.Response, [.. rows.Select(r => Columns.Select(c => (object?)r[c]?.ToString()).ToArray())]);
        return ExitCode.Success;
    }

    private static void Print(Printer printer, JsonNode? document, IReadOnlyList<object?[]> rows)
    {
        if (printer.Data(document, rows.Select(r => r[0]?.ToString())))
            return;
        printer.Say("Results of this request:");
        if (rows.Count > 0)
            TextTable.Write(printer.Messages, Columns, rows);
    }
}

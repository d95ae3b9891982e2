using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;
using Odin.Cli.Sockets;

namespace Odin.Cli.Runs;

/// <summary><c>odin cleanup</c>: removes what a run left behind.</summary>
internal sealed class CleanupCommand : OdinCommand
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
        Add(run);
        foreach (var option in new Option[] { Database, Files, OutputOptions.Format })
            Add(option);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        return client.Connection.IsWebSocket
            ? await OverSocketAsync(parse, client, cancellationToken)
            : await OverRestAsync(parse, client, cancellationToken);
    }

    private async Task<int> OverRestAsync(ParseResult parse, OdinClient client, CancellationToken cancellationToken)
    {
        var path = Paths.WithQuery(
            Paths.Run(parse.GetRequiredValue(run)),
            ("db", parse.GetValue(Database) ? "true" : "false"),
            ("fs", parse.GetValue(Files) ? "true" : "false"));
        var answer = await client.DeleteAsync(path, cancellationToken);
        if (!Session.StockAlias)
            answer.EnsureSuccess(RunsClient.RunHint);
        else if (!answer.IsSuccess && (answer.Body as JsonObject)?["cleanups"] is not JsonArray)
            throw answer.Failure(RunsClient.RunHint);
        var rows = answer.ReadList("cleanups", CliJson.Default.CleanupRecord);
        Print(Session.Printer(parse), answer.Body, [.. rows.Select(r => new object?[] { r.TaskId, r.CleanedFromK8s, r.PurgedFromDb, r.RemovedFromFs })]);
        return answer.IsSuccess ? ExitCode.Success : ExitCode.NotFound;
    }

    private async Task<int> OverSocketAsync(ParseResult parse, OdinClient client, CancellationToken cancellationToken)
    {
        var wish = new JsonObject
        {
            ["work"] = parse.GetRequiredValue(run),
            ["purge_db"] = parse.GetValue(Database),
            ["purge_fs"] = parse.GetValue(Files),
        };
        var token = await client.TokenAsync(cancellationToken);
        var frame = await OdinSocket.AskAsync(client.Connection, token, "CLEANUP", wish, cancellationToken);
        var rows = (frame.Response as JsonArray ?? []).OfType<JsonObject>();
        Print(Session.Printer(parse), frame.Response, [.. rows.Select(r => Columns.Select(c => (object?)r[c]?.ToString()).ToArray())]);
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

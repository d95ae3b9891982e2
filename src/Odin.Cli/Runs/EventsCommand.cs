using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin events</c>: what happened to a task.</summary>
internal sealed class EventsCommand : RemoteCommand
{
    private static readonly string[] Columns = ["type", "reason", "source", "message", "timestamp"];
    private static readonly Option<string?> Namespace = new("--namespace") { Description = "The Kubernetes namespace.", HelpName = "NAME" };
    private readonly Argument<string> resource;

    public EventsCommand(CliSession session)
        : base(session, "events", "Lists what happened to a task, oldest first.")
    {
        Examples = ["odin events wine-3f9ak2xwj--train-knn"];
        resource = RunArgument.Create(session, "RESOURCE", "The id of a task or run; on a cluster also a pod, svc/NAME or deploy/NAME.");
        Take(output: true, resource, Namespace);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var id = call.Parse.GetRequiredValue(resource);
        var (document, events) = call.IsWebSocket
            ? await OverSocketAsync(call, id, cancellationToken)
            : await OverRestAsync(call, id, cancellationToken);
        if (call.Printer.Data(document, events.Select(e => e.Reason)))
            return ExitCode.Success;
        if (events.Count == 0)
            call.Printer.Note($"Nothing has happened to '{id}' yet.");
        else
            Print(call.Printer, id, events);
        return ExitCode.Success;
    }

    // Those of a run are of several tasks; the original's client shows none of them, so there its columns stay as they are.
    private void Print(Printer printer, string id, IReadOnlyList<EventRecord> events)
    {
        var rows = events.Select(e => new object?[] { e.EventType, e.Reason, e.Source, e.Message, e.Timestamp });
        if (Session.StockAlias || events.All(e => e.Task is null || e.Task == id))
            TextTable.Write(printer.Messages, Columns, [.. rows]);
        else
            TextTable.WriteMany(printer.Messages, ["task", .. Columns], [.. rows.Zip(events, (row, e) => (object?[])[NameIn(id, e.Task), .. row])]);
    }

    private static string? NameIn(string run, string? task) =>
        task is not null && task.StartsWith(run + "--", StringComparison.Ordinal) ? task[(run.Length + 2)..] : task;

    private static async Task<(JsonNode? Document, IReadOnlyList<EventRecord> Events)> OverRestAsync(
        RemoteCall call, string id, CancellationToken cancellationToken)
    {
        var answer = (await call.Client.GetAsync(Paths.Resource(id, "events"), cancellationToken)).EnsureSuccess(RunsClient.HintFor(id));
        if (answer.Body is null)
            throw new CliException(ExitCode.NotFound, $"there are no events of '{id}'", RunsClient.HintFor(id));
        return (answer.Body, answer.ReadList("events", CliJson.Default.EventRecord));
    }

    private static async Task<(JsonNode? Document, IReadOnlyList<EventRecord> Events)> OverSocketAsync(
        RemoteCall call, string id, CancellationToken cancellationToken)
    {
        var wish = new JsonObject { ["resource"] = id, ["namespace"] = call.Parse.GetValue(Namespace) ?? "default", ["kind"] = "Pod" };
        var frame = await call.AskAsync("EVENTS", wish, RunsClient.HintFor(id), cancellationToken);
        var events = (frame.Response as JsonArray ?? []).OfType<JsonObject>()
            .Select(e => e.Deserialize(CliJson.Default.EventRecord)! with { EventType = e["type"]?.GetValue<string>() });
        return (frame.Response, [.. events]);
    }
}

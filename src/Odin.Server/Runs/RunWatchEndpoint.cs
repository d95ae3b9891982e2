using Odin.Server.Hosting;

namespace Odin.Server.Runs;

/// <summary>Follows a run by server-sent events.</summary>
internal static class RunWatchEndpoint
{
    public static void MapRunWatch(this IEndpointRouteBuilder v1) =>
        v1.MapGet("/pipelines/{id}/watch", WatchAsync).WithTags("Pipelines").WithName("WatchPipeline")
            .WithSummary("Follows a run")
            .WithDescription(
                "Server-sent events: 'pipeline' (the run without tasks) and 'task' (one task), first for everything as it is, "
                + "then for whatever changes; 'end' (the run) is the last.")
            .Produces(StatusCodes.Status200OK, contentType: EventStream.ContentType)
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> WatchAsync(
        string id, RunReader reader, RunWatcher watcher, CancellationToken cancellationToken) =>
        await reader.FindRunAsync(id, cancellationToken) is null
            ? RunEndpoints.NoSuchRun(id)
            : new EventStream(token => EventsAsync(watcher.WatchAsync(id, token)));

    private static async IAsyncEnumerable<StreamEvent> EventsAsync(IAsyncEnumerable<RunEvent> events)
    {
        await foreach (var change in events)
        {
            yield return change switch
            {
                RunEvent.RunChanged e => StreamEvent.Json("pipeline", PipelineWire.From(e.Run, null), WatchJson.Default.PipelineWire),
                RunEvent.TaskChanged e => StreamEvent.Json("task", TaskStatusWire.From(e.Run, e.Task), WatchJson.Default.TaskStatusWire),
                RunEvent.Ended { Run: { } run } => StreamEvent.Json("end", PipelineWire.From(run, null), WatchJson.Default.PipelineWire),
                _ => new StreamEvent("end", "null"),
            };
        }
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[System.Text.Json.Serialization.JsonSerializable(typeof(PipelineWire))]
[System.Text.Json.Serialization.JsonSerializable(typeof(TaskStatusWire))]
internal sealed partial class WatchJson : System.Text.Json.Serialization.JsonSerializerContext;

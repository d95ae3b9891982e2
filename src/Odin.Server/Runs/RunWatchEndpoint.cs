using System.ComponentModel;
using System.Text;
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
        string id, RunReader reader, RunWatcher watcher, [Description("false: only the run")] bool? tasks, CancellationToken cancellationToken) =>
        await reader.FindRunAsync(id, cancellationToken) is null
            ? RunEndpoints.NoSuchRun(id)
            : new EventStream(token => EventsAsync(tasks == false ? watcher.WatchRunAsync(id, token) : watcher.WatchAsync(id, token)));

    private static async IAsyncEnumerable<StreamEvent> EventsAsync(IAsyncEnumerable<RunEvent> events)
    {
        await foreach (var change in events)
        {
            yield return change switch
            {
                RunEvent.RunChanged e => StreamEvent.Json("pipeline", PipelineWire.From(e.Run, null), RunFeedJson.Relaxed.PipelineWire),
                RunEvent.TaskChanged e => new StreamEvent("task", Encoding.UTF8.GetString(e.Task.Json)),
                RunEvent.Ended { Run: { } run } => StreamEvent.Json("end", PipelineWire.From(run, null), RunFeedJson.Relaxed.PipelineWire),
                _ => new StreamEvent("end", "null"),
            };
        }
    }
}

using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Odin.Runs;
using Odin.Server.Hosting;

namespace Odin.Server.Runs;

/// <summary>Records and events of runs and tasks over REST.</summary>
internal static class RecordEndpoints
{
    public static void MapRecords(this IEndpointRouteBuilder v1)
    {
        var resources = v1.MapGroup("/resources").WithTags("Resources");
        resources.MapGet("/{id}/data", DataAsync).WithName("ShowRecord").WithSummary("The record of a run or a task")
            .Produces<RecordAnswer>().ProducesProblem(StatusCodes.Status404NotFound);
        resources.MapGet("/{id}/events", EventsAsync).WithName("ListEvents").WithSummary("What happened to a task, to all tasks of a run, or to a pod, a service or a deployment")
            .Produces<EventList>().ProducesProblem(StatusCodes.Status404NotFound);
        // As the inherited client writes svc/NAME.
        resources.MapGet("/{type}/{name}/events", (string type, string name, RunReader reader, CancellationToken cancellationToken) =>
            EventsAsync($"{type}/{name}", reader, cancellationToken)).ExcludeFromDescription();
    }

    /// <summary>A slash in an id arrives as it was escaped.</summary>
    internal static string Decode(string id) => id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static async Task<IResult> DataAsync(string id, RunReader reader, CancellationToken cancellationToken) =>
        await reader.FindRecordAsync(id, cancellationToken) is { } record
            ? TypedResults.Ok(new RecordAnswer(true, record))
            : NoSuchResource(id);

    private static async Task<IResult> EventsAsync(string id, RunReader reader, CancellationToken cancellationToken) =>
        await reader.FindEventsAsync(Decode(id), cancellationToken) is { } events
            ? TypedResults.Ok(new EventList([.. events.Select(e => ToWire(e.Id, e.Event))]))
            : NoSuchResource(id);

    private static EventWire ToWire(string id, TaskEvent e) => new(id, e.Type, e.Reason, e.Source, e.Message, EventTime.Of(e.Timestamp));

    internal static IResult NoSuchResource(string id) => Problem.NotFound($"There is no run or task '{id}'.");
}

/// <summary>Times of events, with their offset: <c>2019-08-16T06:24:10+00:00</c>.</summary>
internal static class EventTime
{
    public static string Of(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A record.</summary>
public sealed record RecordAnswer(bool Success, JsonObject Jobs);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RecordAnswer))]
internal sealed partial class RecordJson : JsonSerializerContext;

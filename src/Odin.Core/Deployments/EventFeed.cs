using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Deployments;

/// <summary>The feeds there are.</summary>
public static class EventGroups
{
    public const string Deployment = nameof(Deployment);

    public const string Route = nameof(Route);
}

/// <summary>What events say, in the words of the inherited API.</summary>
public static class EventTypes
{
    public const string DeploymentCreated = "ModelDeploymentCreated";
    public const string DeploymentUpdated = "ModelDeploymentUpdated";
    public const string DeploymentDeleted = "ModelDeploymentDeleted";
    public const string DeploymentStatusUpdated = "ModelDeploymentStatusUpdated";

    /// <summary>Somebody has asked for its deletion, which is still to be done.</summary>
    public const string DeploymentDeletionMarkIsSet = "ModelDeploymentDeletionMarkIsSet";

    public const string RouteCreated = "ModelRouteCreated";

    /// <summary>Inherited without its last letter.</summary>
    public const string RouteUpdated = "ModelRouteUpdate";

    public const string RouteDeleted = "ModelRouteDeleted";
    public const string RouteStatusUpdated = "ModelRouteStatusUpdated";

    /// <summary>Whether it says that the thing is gone, or about to be: nothing of it is shown any more.</summary>
    public static bool IsDeletion(string type) => type is DeploymentDeleted or DeploymentDeletionMarkIsSet or RouteDeleted;
}

/// <summary>The newest thing that happened to something.</summary>
/// <param name="Sequence">Grows in the order of commits, across servers.</param>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
public readonly record struct FeedItem(long Sequence, string EntityId, string Type, DateTimeOffset Time);

/// <summary>What is new in a feed.</summary>
/// <param name="Cursor">What to ask with the next time.</param>
public sealed record EventPage(IReadOnlyList<FeedItem> Events, long Cursor);

/// <summary>
/// The feeds by which others follow deployments and routes. Of each thing only its newest event is kept. An event is part of
/// the batch that it tells of, and numbered by a counter in that batch: two batches that would take the same number
/// conflict, so that the numbers are in the order of commits, and who has read up to one misses nothing.
/// </summary>
public sealed class EventFeed(IResourceStore store, TimeProvider time)
{
    /// <summary>How long the deletion of a thing is told.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    /// <summary>Adds an event to a batch; it takes the place of the older ones of the same thing.</summary>
    /// <remarks>
    /// Applying the batch may fail with a <see cref="ResourceConflictException"/> of the counter: put the batch together again.
    /// Call it after the other writes of the batch, so that what is wrong with them is told first.
    /// </remarks>
    /// <param name="group">One of <see cref="EventGroups"/>.</param>
    /// <param name="type">One of <see cref="EventTypes"/>.</param>
    public async Task AppendAsync(ResourceBatch batch, string group, string entityId, string type, CancellationToken cancellationToken)
    {
        var counter = InBatch(batch, group) ?? await CounterAsync(group, cancellationToken);
        counter = batch.UpdateStatus(counter with { Last = counter.Last + 1 });
        // Whatever there is, without a read of it: the counter keeps others from the same thing.
        batch.Delete<StoredEvent>(KeyOf(group, entityId));
        batch.Create(new StoredEvent(new ResourceMetadata { Id = KeyOf(group, entityId) }, group, entityId, type, counter.Last));
    }

    /// <summary>The events after the cursor, oldest first; the cursor stays where it is if there are none.</summary>
    /// <param name="cursor">0: all.</param>
    public async Task<EventPage> ReadAsync(string group, long cursor, CancellationToken cancellationToken)
    {
        // What is appended while the pages are read comes the next time, when nothing before it can be missing.
        var last = (await store.FindAsync<EventCounter>(group, cancellationToken))?.Last ?? 0;
        if (last <= cursor)
            return new EventPage([], cursor);
        var found = new List<FeedItem>();
        await foreach (var stored in store.EnumerateAsync<StoredEvent>(new ResourceQuery { Parent = group }, cancellationToken))
        {
            if (stored.Sequence > cursor && stored.Sequence <= last)
                found.Add(new FeedItem(stored.Sequence, stored.Entity, stored.Type, stored.Metadata.Created));
        }
        found.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        return new EventPage(found, found.Count > 0 ? found[^1].Sequence : cursor);
    }

    /// <summary>Forgets what was deleted more than <see cref="Memory"/> ago: whoever has not asked since then reads all anew.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        var until = time.GetUtcNow() - Memory;
        foreach (var group in new[] { EventGroups.Deployment, EventGroups.Route })
        {
            if (await store.FindAsync<EventCounter>(group, cancellationToken) is not { } counter)
                continue;
            var batch = new ResourceBatch(time);
            await foreach (var stored in store.EnumerateAsync<StoredEvent>(new ResourceQuery { Parent = group }, cancellationToken))
            {
                if (EventTypes.IsDeletion(stored.Type) && stored.Metadata.Created < until && stored.Sequence <= counter.Last)
                    batch.Delete<StoredEvent>(stored.Metadata.Id);
            }
            if (batch.Writes.Count == 0)
                continue;
            // Conflicts with whoever appends meanwhile, perhaps an event of a thing of the same name.
            batch.UpdateStatus(counter);
            try
            {
                await store.ApplyAsync(batch, cancellationToken);
            }
            catch (ResourceConflictException)
            {
                // The next time.
            }
        }
    }

    private static string KeyOf(string group, string entityId) => string.Create(CultureInfo.InvariantCulture, $"{group}/{entityId}");

    // A batch that tells of several things of one group goes on from its own numbers.
    private static EventCounter? InBatch(ResourceBatch batch, string group) =>
        batch.Writes.LastOrDefault(w => w.Kind == EventCounter.Kind && w.Id == group)?.Resource as EventCounter;

    private async Task<EventCounter> CounterAsync(string group, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await store.FindAsync<EventCounter>(group, cancellationToken) is { } counter)
                return counter;
            try
            {
                // By itself: within the batch its loss to another server would look like that of the caller's own resource.
                return await store.CreateAsync(new EventCounter(new ResourceMetadata { Id = group }, 0), time, cancellationToken);
            }
            catch (ResourceAlreadyExistsException)
            {
                // Another one was faster.
            }
        }
    }
}

/// <summary>The newest event of a thing, as it is kept.</summary>
internal sealed record StoredEvent(ResourceMetadata Metadata, string Group, string Entity, string Type, long Sequence) : IResource<StoredEvent>
{
    public static string Kind => "FeedEvent";

    public static JsonTypeInfo<StoredEvent> JsonType => EventJson.Default.StoredEvent;

    public static StoredEvent WithMetadata(StoredEvent resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => Group;

    public string? Phase => null;
}

/// <summary>The last number given in a group.</summary>
internal sealed record EventCounter(ResourceMetadata Metadata, long Last) : IResource<EventCounter>
{
    public static string Kind => "FeedCounter";

    public static JsonTypeInfo<EventCounter> JsonType => EventJson.Default.EventCounter;

    public static EventCounter WithMetadata(EventCounter resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => null;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(StoredEvent))]
[JsonSerializable(typeof(EventCounter))]
internal sealed partial class EventJson : JsonSerializerContext;

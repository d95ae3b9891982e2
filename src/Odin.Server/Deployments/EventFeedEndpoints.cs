using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Resources;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Deployments;

/// <summary>The feeds as the inherited API has them.</summary>
internal static class EventFeedEndpoints
{
    /// <summary>The events after the cursor, each with the thing as it is now.</summary>
    /// <param name="cursor">As it was sent; null: from the beginning.</param>
    /// <param name="write">How a thing is shown; null: how one without anything in it is, because it is gone.</param>
    public static async Task<JsonNode> ReadAsync<T>(
        EventFeed feed, string group, string? cursor, IResourceStore store, Func<T?, JsonNode> write, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var page = await feed.ReadAsync(group, ReadCursor(cursor), cancellationToken);
        var ids = page.Events.Where(e => !EventTypes.IsDeletion(e.Type)).Select(e => e.EntityId).ToList();
        var there = ids.Count == 0 ? [] : (await store.FindManyAsync<T>(ids, cancellationToken)).ToDictionary(r => r.Metadata.Id, StringComparer.Ordinal);
        var events = page.Events.Select(e => new JsonObject
        {
            ["entityID"] = e.EntityId,
            ["payload"] = write(EventTypes.IsDeletion(e.Type) ? null : there.GetValueOrDefault(e.EntityId)),
            ["type"] = e.Type,
            ["datetime"] = WireTime.Of(e.Time),
        });
        return new JsonObject { ["events"] = JsonParts.Of(events), ["cursor"] = page.Cursor };
    }

    private static long ReadCursor(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return 0;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cursor))
            return cursor;
        var reason = text.AsSpan().TrimStart("+-").ContainsAnyExceptInRange('0', '9') || text is "+" or "-" ? "invalid syntax" : "value out of range";
        throw LifecycleException.BadRequest($"Incorrect \"cursor\" query parameter value: {text}. Integer expected. Details: strconv.Atoi: parsing \"{text}\": {reason}");
    }
}

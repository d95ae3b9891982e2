using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Odin.Connections;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>Finds the objects of a window of time, and what the records in them say.</summary>
internal sealed class RecordSearch(FeedbackStorage storage, OpenedStorage opened, TimeProvider time)
{
    // Beyond that one list of all days costs less than one of each.
    private const int MostDays = 62;

    private static readonly TimeSpan AnHour = TimeSpan.FromHours(1);

    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss zzz";

    /// <summary>Objects that may hold wanted records, in the order of their keys: by model, version and hour.</summary>
    public async IAsyncEnumerable<StoredObject> ListAsync(string tag, FeedbackQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var prefix in Prefixes(tag, query))
        {
            await foreach (var entry in opened.Storage.ListAsync(storage.KeyOf(opened.Location, prefix), cancellationToken))
            {
                if (RecordKey.HourOf(entry.Key) is { } hour && query.Since - hour < AnHour && (query.Until is not { } until || hour < until))
                    yield return entry;
            }
        }
    }

    /// <summary>The object of the same index under another tag.</summary>
    public string Sibling(string key, string tag, string siblingTag)
    {
        var start = storage.KeyOf(opened.Location, "").Length;
        return $"{key[..start]}{siblingTag}{key[(start + tag.Length)..]}";
    }

    public static DateTimeOffset? TimeOf(JsonElement record) =>
        DateTimeOffset.TryParseExact(RecordLines.Text(record, "time"), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var found) ? found : null;

    /// <summary>Null: it is not wanted.</summary>
    public static RecordedFeedback? ReadFeedback(JsonElement record, FeedbackQuery query) =>
        TimeOf(record) is { } at && query.Takes(at)
            ? new RecordedFeedback(RecordLines.RequestIdOf(record), RecordLines.Text(record, "model_name") ?? "", RecordLines.Text(record, "model_version") ?? "", at, PayloadOf(record))
            : null;

    public static RecordedBody? ReadBody(JsonElement record, string name) => RecordLines.Text(record, name) is { } text
        ? new RecordedBody(text, RecordLines.Text(record, name + "_encoding") == "base64", record.TryGetProperty("truncated", out var cut) && cut.ValueKind == JsonValueKind.True)
        : null;

    private static JsonElement? PayloadOf(JsonElement record) =>
        record.TryGetProperty("payload", out var payload) && payload.ValueKind == JsonValueKind.Object && payload.TryGetProperty("json", out var json) ? json : null;

    private IEnumerable<string> Prefixes(string tag, FeedbackQuery query)
    {
        if (query.ModelName is not { } model)
            return [$"{tag}/"];
        if (query.ModelVersion is not { } version)
            return [$"{tag}/{RecordKey.Safe(model)}/"];
        var folder = RecordKey.Folder(tag, model, version);
        var (first, last) = (query.Since.UtcDateTime.Date, (query.Until ?? time.GetUtcNow().AddHours(1)).UtcDateTime.Date);
        return (last - first).TotalDays is >= 0 and <= MostDays and var days
            ? Enumerable.Range(0, (int)days + 1).Select(day => folder + RecordKey.Day(new DateTimeOffset(first.AddDays(day), TimeSpan.Zero)))
            : [folder];
    }
}

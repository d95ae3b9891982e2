using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Odin.Connections;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>
/// Joins predictions with feedback by the request, the model and, where several of its versions are named, the version. The feedback is put into an index in memory, and the predictions go by it as they
/// are read. Where the feedback is larger than the index may be, requests are divided by a checksum, and each part has a pass
/// of its own over all objects: memory stays bounded, and time pays.
/// </summary>
internal sealed class FeedbackJoin(OpenedStorage opened, RecordSearch search)
{
    /// <summary>Bytes of feedback, as it lies in the storage, in one pass.</summary>
    public const long DefaultIndexBytes = 32 << 20;

    public long IndexBytes { get; init; } = DefaultIndexBytes;

    public async IAsyncEnumerable<JudgedPrediction> RunAsync(FeedbackQuery query, bool withSilent, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // People say what was true when they know it: that may be long after the window of the predictions, and after their version.
        var lasting = query with { Until = null, ModelVersion = null };
        var said = await search.ListAsync(RecordTags.Feedback, lasting, cancellationToken).ToListAsync(cancellationToken);
        var passes = (int)Math.Max(1, (said.Sum(o => o.Length) + IndexBytes - 1) / IndexBytes);
        for (var pass = 0; pass < passes; pass++)
        {
            var index = await ReadFeedbackAsync(said, lasting, new Share(pass, passes), cancellationToken);
            if (index.Count == 0 && !withSilent)
                continue;
            await foreach (var entry in search.ListAsync(RecordTags.Request, query, cancellationToken))
            {
                await foreach (var prediction in JoinAsync(entry.Key, query, index, withSilent ? new Share(pass, passes) : null, cancellationToken))
                    yield return prediction;
            }
        }
    }

    private async Task<Dictionary<string, List<RecordedFeedback>>> ReadFeedbackAsync(
        IReadOnlyList<StoredObject> objects, FeedbackQuery query, Share share, CancellationToken cancellationToken)
    {
        var index = new Dictionary<string, List<RecordedFeedback>>(StringComparer.Ordinal);
        foreach (var entry in objects)
        {
            await foreach (var line in RecordLines.ReadAsync(opened, entry.Key, cancellationToken))
            {
                if (RecordLines.Parse(line) is not { } record || !share.Has(RecordLines.RequestIdOf(record)) || RecordSearch.ReadFeedback(record, query) is not { } feedback)
                    continue;
                if (!index.TryGetValue(feedback.RequestId, out var all))
                    index[feedback.RequestId] = all = [];
                all.Add(feedback);
            }
        }
        return index;
    }

    // Without a share of the silent ones, only requests of the index are wanted.
    private async IAsyncEnumerable<JudgedPrediction> JoinAsync(
        string key, FeedbackQuery query, Dictionary<string, List<RecordedFeedback>> index, Share? silent, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var answers = new AnswerLines(opened, search.Sibling(key, RecordTags.Request, RecordTags.Response));
        var number = -1;
        await foreach (var line in RecordLines.ReadAsync(opened, key, cancellationToken))
        {
            number++;
            // Most lines are not wanted, and need not be read beyond their first member.
            if (RecordLines.PeekRequestId(line.Span) is { } peeked && !IsWanted(peeked))
                continue;
            if (RecordLines.Parse(line) is not { } record || RecordLines.RequestIdOf(record) is var id && !IsWanted(id))
                continue;
            if (RecordSearch.TimeOf(record) is not { } at || !query.Takes(at))
                continue;
            var said = SaidOf(record, id, index);
            if (said.Count > 0 || silent?.Has(id) == true)
                yield return Read(record, at, await answers.FindAsync(number, id, cancellationToken), said);
        }

        bool IsWanted(string id) => index.ContainsKey(id) || silent?.Has(id) == true;
    }

    // A client chooses the id, and may ask several models with the same one.
    private static List<RecordedFeedback> SaidOf(JsonElement record, string id, Dictionary<string, List<RecordedFeedback>> index)
    {
        if (!index.TryGetValue(id, out var all))
            return [];
        var (model, version) = (RecordLines.Text(record, "model_name"), RecordLines.Text(record, "model_version"));
        var ofModel = all.Where(f => IsSame(f.ModelName, model)).OrderBy(f => f.Time).ToList();
        // Whoever says it may name the version that serves by now; where one names this one, it is the one that is meant.
        var exact = ofModel.Where(f => IsSame(f.ModelVersion, version)).ToList();
        return exact.Count > 0 ? exact : ofModel;

        static bool IsSame(string one, string? other) => one.Length == 0 || string.IsNullOrEmpty(other) || one == other;
    }

    private static JudgedPrediction Read(JsonElement record, DateTimeOffset at, JsonElement? answer, IReadOnlyList<RecordedFeedback> said) =>
        new()
        {
            RequestId = RecordLines.RequestIdOf(record),
            ModelName = RecordLines.Text(record, "model_name") ?? "",
            ModelVersion = RecordLines.Text(record, "model_version") ?? "",
            Time = at,
            Status = int.TryParse(RecordLines.Text(record, "response_status"), NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : 0,
            Request = RecordSearch.ReadBody(record, "request_content") ?? new RecordedBody("", false, false),
            Response = answer is { } found ? RecordSearch.ReadBody(found, "response_content") : null,
            Feedback = said,
        };

    /// <summary>A part of all requests.</summary>
    private sealed record Share(int Pass, int Passes)
    {
        public bool Has(string requestId) => Passes == 1 || (uint)Checksum(requestId) % (uint)Passes == (uint)Pass;

        // The same in every pass, and another one than dictionaries use.
        private static int Checksum(string text)
        {
            var hash = unchecked((int)2166136261);
            foreach (var c in text)
                hash = unchecked((hash ^ c) * 16777619);
            return hash;
        }
    }
}

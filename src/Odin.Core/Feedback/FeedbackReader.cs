using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Odin.Connections;
using Odin.ObjectStorage;
using Odin.Storage;

namespace Odin.Feedback;

/// <summary>
/// Reads what was recorded. Before, what this server still holds is written, so that people find what they have just sent; what
/// another server holds comes when it is as old as a batch may become.
/// </summary>
public sealed class FeedbackReader
{
    private static readonly TimeSpan FlushPatience = TimeSpan.FromSeconds(5), FlushInterval = TimeSpan.FromSeconds(1);

    private readonly FeedbackStorage storage;
    private readonly CaptureWriter writer;
    private readonly JournalDelivery delivery;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private Task running = Task.CompletedTask;
    private Task? next;

    internal FeedbackReader(FeedbackStorage storage, CaptureWriter writer, JournalDelivery delivery, TimeProvider time)
    {
        (this.storage, this.writer, this.delivery, this.time) = (storage, writer, delivery, time);
    }

    /// <summary>A page of feedback, by model, version and hour, and within an hour in the order in which it came.</summary>
    /// <param name="limit">Of the page, from 1.</param>
    /// <param name="after"><see cref="FeedbackPage.Continue"/> of the page before; null: from the first one.</param>
    /// <exception cref="InvalidQueryException">It is not one that a page had.</exception>
    /// <exception cref="ObjectStorageException">The storage cannot be read.</exception>
    public async Task<FeedbackPage> ListAsync(FeedbackQuery query, int limit, string? after, CancellationToken cancellationToken)
    {
        var start = Decode(after);
        // What comes now is younger than the first page.
        if (after is null)
            await FlushAsync(cancellationToken);
        using var opened = await storage.OpenAsync(cancellationToken);
        var items = new List<RecordedFeedback>();
        await foreach (var entry in new RecordSearch(storage, opened, time).ListAsync(RecordTags.Feedback, query, cancellationToken))
        {
            var order = ObjectKey.Order.Compare(entry.Key, start.Key);
            if (order < 0)
                continue;
            var number = 0;
            await foreach (var line in RecordLines.ReadAsync(opened, entry.Key, cancellationToken))
            {
                if (++number <= start.Line && order == 0)
                    continue;
                if (RecordLines.Parse(line) is not { } record || RecordSearch.ReadFeedback(record, query) is not { } feedback)
                    continue;
                if (items.Count == limit)
                    return new FeedbackPage(items, Encode(entry.Key, number - 1));
                items.Add(feedback);
            }
        }
        return new FeedbackPage(items, null);
    }

    /// <summary>
    /// The predictions of the window, with all that was said of them up to now. Of the feedback at most 32 MiB are held in
    /// memory; where there is more, the predictions are read several times, each time for a part of the requests.
    /// </summary>
    /// <param name="withSilent">Also those of which nothing was said.</param>
    /// <exception cref="ObjectStorageException">The storage cannot be read.</exception>
    public async IAsyncEnumerable<JudgedPrediction> JoinAsync(
        FeedbackQuery query, bool withSilent, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        using var opened = await storage.OpenAsync(cancellationToken);
        var join = new FeedbackJoin(opened, new RecordSearch(storage, opened, time));
        await foreach (var prediction in join.RunAsync(query, withSilent, cancellationToken))
            yield return prediction;
    }

    // Many readers must not make many small objects: those who come while one flush is going on share the next one, which begins
    // a while after it, so that each finds what was sent before it asked.
    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        Task flush;
        lock (gate)
            flush = next ??= FlushAfterAsync(running);
        await flush.WaitAsync(cancellationToken);
    }

    private async Task FlushAfterAsync(Task before)
    {
        // Not under the lock of who asks.
        await Task.Yield();
        await before;
        using var limit = new CancellationTokenSource(FlushPatience, TimeProvider.System);
        Task flush;
        lock (gate)
        {
            flush = Task.WhenAll(writer.FlushAsync(limit.Token), delivery.FlushAsync(limit.Token));
            running = PauseAfterAsync(flush);
            next = null;
        }
        // A storage that is slow can be read all the same.
        await flush.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task PauseAfterAsync(Task flush)
    {
        await Task.WhenAll(Task.Delay(FlushInterval, TimeProvider.System), flush).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static string Encode(string key, int line) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{line}:{key}")));

    private static (string Key, int Line) Decode(string? token)
    {
        if (token is null)
            return ("", 0);
        var text = Base64Url.IsValid(token) ? Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)) : "";
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && int.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var line)
            ? (text[(colon + 1)..], line)
            : throw new InvalidQueryException("The value of 'continue' is not one that a list returned. Leave it out to start from the first page.", "continue");
    }
}

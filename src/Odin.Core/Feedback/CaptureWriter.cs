using Microsoft.Extensions.Logging;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>
/// Turns what <see cref="PayloadCapture"/> has taken into records, joins them to batches and saves those. A storage that cannot be
/// reached is tried again; meanwhile records stay in memory as long as there is room.
/// </summary>
internal sealed partial class CaptureWriter(
    PayloadCapture capture, FeedbackStorage storage, FeedbackJournal journal, FeedbackOptions options, TimeProvider time, ILogger<CaptureWriter> logger)
    : WritingLoop(time)
{
    private const int SavesAtOnce = 4;

    private readonly Dictionary<PayloadPartition, PayloadBatch> open = [];
    private readonly List<PayloadBatch> waiting = [];
    // A pair, so that both records of an exchange are written before one of them is kept.
    private readonly RecordText requestText = new(options), responseText = new(options);
    private int held;
    private bool hasUnwritable;

    public override void Dispose()
    {
        requestText.Dispose();
        responseText.Dispose();
        base.Dispose();
    }

    protected override async Task WorkAsync(bool now, CancellationToken cancellationToken)
    {
        do
        {
            Drain();
            // While the storage does not answer, the open ones grow until the next attempt; many small ones would only take more room.
            if (!(now || Retry.IsOver))
                break;
            CloseBatches(now);
            if (waiting.Count == 0)
                break;
        }
        while (await SaveAsync(cancellationToken) && !now);
        FeedbackMeters.HoldsInMemory(capture.Budget.Used);
    }

    protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        capture.Close();
        Drain();
        CloseBatches(all: true);
        try
        {
            if (waiting.Count > 0)
                await SaveAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogNotInTime(StopPatience.TotalSeconds);
        }
        // The next start saves it.
        waiting.RemoveAll(batch => Remove(batch, journal.TryKeep(batch)));
    }

    protected override void GiveUp()
    {
        capture.Close();
        var count = Volatile.Read(ref held) + capture.Waiting;
        FeedbackMeters.PayloadDropped(count, "stopped");
        if (count > 0)
            LogLost(count);
    }

    private void Drain()
    {
        while (capture.TryTake(out var queued))
        {
            Add(queued.Exchange);
            capture.Budget.Add(-queued.Size);
        }
    }

    private void Add(CapturedExchange exchange)
    {
        ReadOnlySpan<byte> request, response;
        try
        {
            request = requestText.WriteRequest(exchange);
            response = responseText.WriteResponse(exchange);
        }
        // Whatever is wrong with it: all others go on.
        catch (Exception e)
        {
            FeedbackMeters.PayloadDropped(1, "unwritable");
            if (!hasUnwritable)
                LogUnwritable(exchange.RequestId, e.Message);
            hasUnwritable = true;
            return;
        }
        var partition = PayloadPartition.Of(exchange);
        if (!open.TryGetValue(partition, out var batch))
            open[partition] = batch = new PayloadBatch(partition, RecordKey.NewIndex(Time.GetUtcNow()), Time.GetTimestamp(), capture.Budget);
        batch.Requests.Append(request);
        batch.Responses.Append(response);
        batch.Count++;
        Interlocked.Increment(ref held);
        FeedbackMeters.RequestsCollected(1);
        if (batch.IsFull(options))
            Close(batch);
    }

    private void CloseBatches(bool all)
    {
        foreach (var batch in open.Values.Where(b => all || Time.GetElapsedTime(b.Since) >= options.MaxAge).ToList())
            Close(batch);
    }

    private void Close(PayloadBatch batch)
    {
        open.Remove(batch.Partition);
        waiting.Add(batch);
    }

    // False: try again after the pause.
    private async Task<bool> SaveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await TrySaveAsync(storage, waiting.ToArray(), SavesAtOnce, (batch, opened, token) => batch.SaveAsync(storage, opened, token), cancellationToken);
        }
        finally
        {
            waiting.RemoveAll(batch => batch.IsSaved && Remove(batch, isKept: true));
        }
    }

    private bool Remove(PayloadBatch batch, bool isKept)
    {
        if (!isKept)
        {
            FeedbackMeters.PayloadDropped(batch.Count, "stopped");
            LogLost(batch.Count);
        }
        Interlocked.Add(ref held, -batch.Count);
        batch.Dispose();
        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "Recorded predictions cannot be saved; they are kept in memory as long as there is room, and tried again: {Reason}")]
    protected override partial void LogNotSaved(string reason);

    [LoggerMessage(2, LogLevel.Information, "Recorded predictions are saved again, after {Failures} failures")]
    protected override partial void LogSavedAgain(int failures);

    [LoggerMessage(3, LogLevel.Warning, "The storage of recorded predictions did not answer within {Seconds} s of the server's end")]
    private partial void LogNotInTime(double seconds);

    [LoggerMessage(4, LogLevel.Error, "{Count} recorded predictions are lost: neither the storage nor the data directory took them")]
    private partial void LogLost(int count);

    [LoggerMessage(5, LogLevel.Warning, "The prediction '{RequestId}' cannot be recorded: {Reason}. Further ones are only counted")]
    private partial void LogUnwritable(string requestId, string reason);
}

using System.Collections.Concurrent;

namespace Odin.Feedback;

/// <summary>
/// Takes feedback in: it is on the disk of the data directory when the sender hears that it was taken, and comes from there
/// into the storage. Many that come together wait for the disk once.
/// </summary>
/// <param name="directory">Of the files; shared with other servers on the same data directory.</param>
public sealed class FeedbackJournal(FeedbackOptions options, string directory, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly ConcurrentQueue<Entry> queue = new();
    private JournalFile? current;
    private long since;

    /// <summary>The path of each file, the oldest first; also of those that somebody has open.</summary>
    internal IReadOnlyList<string> Files => JournalFile.In(directory);

    /// <summary>Returns when the feedback is on the disk.</summary>
    /// <exception cref="FeedbackRefusedException">It cannot be kept; nothing of it is left.</exception>
    public async Task AddAsync(FeedbackRecord record, CancellationToken cancellationToken)
    {
        var entry = new Entry(Write(record));
        queue.Enqueue(entry);
        await gate.WaitAsync(cancellationToken);
        try
        {
            // Whoever had the gate before may have written it along with the own one.
            if (!entry.Written.IsCompleted)
                Commit();
        }
        finally
        {
            gate.Release();
        }
        await entry.Written;
        FeedbackMeters.FeedbackCollected();
    }

    public void Dispose()
    {
        current?.Dispose();
        gate.Dispose();
    }

    /// <summary>Closes the file that is written to, so that its lines can be saved.</summary>
    /// <param name="age">That it must have reached.</param>
    internal async Task SealAsync(TimeSpan age, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (current is not null && time.GetElapsedTime(since) >= age)
                Seal();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Writes predictions that the storage does not take before the server ends. False: there is no room for them, or the disk does not take them either.</summary>
    internal bool TryKeep(PayloadBatch batch)
    {
        if (KeptBytes() + batch.Requests.Length + batch.Responses.Length > options.MaxJournal)
            return false;
        try
        {
            using var file = JournalFile.Create(directory, batch.Index);
            file.Append([.. LinesOf(batch, RecordTags.Request, batch.Requests), .. LinesOf(batch, RecordTags.Response, batch.Responses)]);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static byte[] Write(FeedbackRecord record)
    {
        using var text = new RecordText(new FeedbackOptions());
        return JournalFile.Line(RecordKey.Partition(RecordTags.Feedback, record.ModelName, record.ModelVersion, record.Time), text.WriteFeedback(record));
    }

    private static IEnumerable<ReadOnlyMemory<byte>> LinesOf(PayloadBatch batch, string tag, RecordBuffer records)
    {
        var content = new byte[records.Length];
        using (var stream = records.OpenRead())
            stream.ReadExactly(content);
        var partition = batch.Partition.NameOf(tag);
        for (var rest = content.AsMemory(); rest.Length > 0;)
        {
            var end = rest.Span.IndexOf((byte)'\n') + 1;
            yield return JournalFile.Line(partition, rest.Span[..end]);
            rest = rest[end..];
        }
    }

    private void Commit()
    {
        var group = new List<Entry>();
        while (queue.TryDequeue(out var entry))
            group.Add(entry);
        try
        {
            if (current is null)
                Begin();
            current!.Append([.. group.Select(e => (ReadOnlyMemory<byte>)e.Line)]);
            foreach (var entry in group)
                entry.SetWritten();
            if (current.Length >= options.MaxBatchBytes)
                Seal();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FeedbackRefusedException)
        {
            var refusal = e as FeedbackRefusedException ?? new FeedbackRefusedException($"The data directory does not take it: {e.Message}", e);
            foreach (var entry in group)
                entry.SetFailed(refusal);
            // The file may be of a disk that is gone; the next lines get another one.
            Seal();
        }
    }

    private void Begin()
    {
        var kept = KeptBytes();
        if (kept >= options.MaxJournal)
            throw new FeedbackRefusedException($"{kept} bytes wait for the storage, which does not take them; more than {options.MaxJournal} are not kept.");
        current = JournalFile.Create(directory, RecordKey.NewIndex(time.GetUtcNow()));
        since = time.GetTimestamp();
    }

    private long KeptBytes() => Files.Sum(path => new FileInfo(path) is { Exists: true } file ? file.Length : 0);

    private void Seal()
    {
        current?.Dispose();
        current = null;
    }

    private sealed class Entry(byte[] line)
    {
        private readonly TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public byte[] Line => line;

        public Task Written => written.Task;

        public void SetWritten() => written.TrySetResult();

        public void SetFailed(Exception error) => written.TrySetException(error);
    }
}

/// <summary>Feedback cannot be kept at the moment; the message says why.</summary>
public sealed class FeedbackRefusedException(string message, Exception? inner = null) : Exception(message, inner);

using Microsoft.Extensions.Logging;
using Odin.Connections;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>
/// Brings what is in the journal into the storage, also what a server has left there that was killed. The objects are named
/// after the file, so that one that is saved again, because nobody knows how far it came, does not double anything.
/// </summary>
internal sealed partial class JournalDelivery(
    FeedbackJournal journal, FeedbackStorage storage, FeedbackOptions options, TimeProvider time, ILogger<JournalDelivery> logger)
    : WritingLoop(time)
{
    private readonly MemoryBudget budget = new(long.MaxValue);

    protected override async Task WorkAsync(bool now, CancellationToken cancellationToken)
    {
        if (!(now || Retry.IsOver))
            return;
        await journal.SealAsync(now ? TimeSpan.Zero : options.MaxAge, cancellationToken);
        var free = journal.Files.Where(IsFree).ToList();
        if (free.Count > 0)
            await TrySaveAsync(storage, free, atOnce: 1, SaveAsync, cancellationToken);
    }

    protected override async Task FinishAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WorkAsync(now: true, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It is on the disk, and comes with the next start.
        }
    }

    private bool IsFree(string path)
    {
        using var file = JournalFile.TryOpen(path, Time);
        return file is not null;
    }

    private async Task SaveAsync(string path, OpenedStorage opened, CancellationToken cancellationToken)
    {
        using var file = JournalFile.TryOpen(path, Time);
        if (file is null)
            return;
        var parts = new SortedDictionary<string, Part>(StringComparer.Ordinal);
        try
        {
            Collect(file, parts);
            foreach (var (partition, part) in parts)
                await SaveAsync(opened, RecordKey.Name(partition, file.Index), part, cancellationToken);
            file.Remove();
        }
        finally
        {
            foreach (var part in parts.Values)
                part.Records.Dispose();
        }
    }

    private void Collect(JournalFile file, SortedDictionary<string, Part> parts)
    {
        foreach (var (partition, record) in file.ReadLines())
        {
            // Something else has written to the file, or the disk is at fault; one such line must not hold up all others.
            if (ObjectKey.FindFlaw(partition) is not null)
            {
                FeedbackMeters.FeedbackDropped(1, "damaged");
                LogDamaged(file.Index);
                continue;
            }
            if (!parts.TryGetValue(partition, out var part))
                parts[partition] = part = new Part(new RecordBuffer(budget));
            part.Records.Append(record.Span);
            part.Count++;
        }
    }

    private async Task SaveAsync(OpenedStorage opened, string name, Part part, CancellationToken cancellationToken)
    {
        await using var content = part.Records.OpenRead();
        await opened.Storage.SaveAsync(storage.KeyOf(opened.Location, name), content, SaveMode.Overwrite, cancellationToken);
        FeedbackMeters.WasWritten(name[..name.IndexOf('/', StringComparison.Ordinal)], part.Count);
    }

    private sealed class Part(RecordBuffer records)
    {
        public RecordBuffer Records => records;

        public int Count { get; set; }
    }

    [LoggerMessage(1, LogLevel.Warning, "Feedback cannot be saved; it is kept in the data directory and tried again: {Reason}")]
    protected override partial void LogNotSaved(string reason);

    [LoggerMessage(3, LogLevel.Information, "Feedback is saved again, after {Failures} failures")]
    protected override partial void LogSavedAgain(int failures);

    [LoggerMessage(2, LogLevel.Error, "A line of the journal file '{File}' of feedback is damaged and left out")]
    private partial void LogDamaged(string file);
}

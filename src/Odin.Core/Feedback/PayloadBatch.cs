using Odin.Connections;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>What records must have in common to come into one batch.</summary>
/// <param name="Hour">The number of the hour since 1970 in which the request arrived.</param>
internal readonly record struct PayloadPartition(string Model, string Version, long Hour)
{
    public static PayloadPartition Of(CapturedExchange exchange) => new(exchange.ModelName, exchange.ModelVersion, exchange.Time.ToUnixTimeSeconds() / 3600);

    public string NameOf(string tag) => RecordKey.Partition(tag, Model, Version, DateTimeOffset.FromUnixTimeSeconds(Hour * 3600));
}

/// <summary>
/// Predictions that go into two objects of the same index, line by line the same ones: the requests and the bodies of the answers.
/// So whoever reads both side by side needs to remember nothing.
/// </summary>
/// <param name="since">When it was begun, as a time stamp.</param>
internal sealed class PayloadBatch(PayloadPartition partition, string index, long since, MemoryBudget budget) : IDisposable
{
    private bool areRequestsSaved, areResponsesSaved;

    public PayloadPartition Partition => partition;

    public string Index => index;

    public long Since => since;

    public int Count { get; set; }

    public RecordBuffer Requests { get; } = new(budget);

    public RecordBuffer Responses { get; } = new(budget);

    public bool IsSaved => areRequestsSaved && areResponsesSaved;

    public bool IsFull(FeedbackOptions options) =>
        Count >= options.MaxBatchRecords || Requests.Length >= options.MaxBatchBytes || Responses.Length >= options.MaxBatchBytes;

    /// <summary>Saves what has not been saved; after a failure, the same objects again.</summary>
    public async Task SaveAsync(FeedbackStorage storage, OpenedStorage opened, CancellationToken cancellationToken)
    {
        if (!areRequestsSaved)
            await SaveAsync(RecordTags.Request, Requests, storage, opened, cancellationToken);
        areRequestsSaved = true;
        if (!areResponsesSaved)
            await SaveAsync(RecordTags.Response, Responses, storage, opened, cancellationToken);
        areResponsesSaved = true;
    }

    public void Dispose()
    {
        Requests.Dispose();
        Responses.Dispose();
    }

    private async Task SaveAsync(string tag, RecordBuffer records, FeedbackStorage storage, OpenedStorage opened, CancellationToken cancellationToken)
    {
        await using var content = records.OpenRead();
        await opened.Storage.SaveAsync(storage.KeyOf(opened.Location, RecordKey.Name(partition.NameOf(tag), index)), content, SaveMode.Overwrite, cancellationToken);
        FeedbackMeters.WasWritten(tag, Count);
    }
}

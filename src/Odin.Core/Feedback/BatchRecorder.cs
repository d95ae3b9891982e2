using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Odin.Batch;
using Odin.Connections;
using Odin.Execution;
using Odin.Files;
using Odin.ObjectStorage;
using Odin.Reconciliation;
using Odin.Steps;

namespace Odin.Feedback;

/// <summary>
/// Records what batch jobs predict, as what goes through the gateway: one object for the requests of a job and one for the responses,
/// line by line beside them, under the job's request id and the time at which it was made. Their names come of the job, so that a step
/// that is begun again replaces what it has written.
/// </summary>
internal sealed class BatchRecorder(FeedbackStorage storage, FeedbackOptions options, TimeProvider time)
{
    private const int MostTries = 4;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(10), Patience = TimeSpan.FromMinutes(2);

    /// <inheritdoc cref="DocumentRecorder"/>
    public async Task RecordAsync(JobDocuments documents, StepContext context, CancellationToken cancellationToken)
    {
        if (!options.CapturesPayloads || documents.Files.Count == 0)
            return;
        if (string.IsNullOrEmpty(documents.ModelName))
        {
            await context.LogAsync("Nothing is recorded: nobody knows what the model is called", cancellationToken);
            return;
        }
        var tag = documents.AreResponses ? RecordTags.Response : RecordTags.Request;
        var job = documents.Job;
        var name = RecordKey.Name(RecordKey.Partition(tag, documents.ModelName, documents.ModelVersion ?? "", job.Metadata.Created), IndexOf(job));
        var file = Path.Combine(context.Private, tag);
        await WriteAsync(file, documents, cancellationToken);
        if (await SaveAsync(file, name, cancellationToken) is { } failure)
        {
            FeedbackMeters.Drop(tag, documents.Files.Count, "storage");
            await context.LogAsync($"{documents.Files.Count} records are lost: {failure}", cancellationToken, "WARNING");
        }
        else
        {
            FeedbackMeters.WasWritten(tag, documents.Files.Count);
            if (!documents.AreResponses)
                FeedbackMeters.RequestsCollected(documents.Files.Count);
            await context.LogAsync(string.Create(CultureInfo.InvariantCulture, $"Recorded {documents.Files.Count} {(documents.AreResponses ? "responses" : "requests")} as '{name}'"), cancellationToken);
        }
        File.Delete(file);
    }

    // In the order in which jobs were made, as other indexes are.
    private static string IndexOf(InferenceJob job)
    {
        var made = job.Metadata.Created;
        var mark = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{job.Id} {made.UtcTicks}")));
        return $"{made.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture)}{Convert.ToHexStringLower(mark)[..20]}";
    }

    private async Task WriteAsync(string file, JobDocuments documents, CancellationToken cancellationToken)
    {
        using var text = new RecordText(options);
        var buffer = new byte[options.BodyLimit + 1];
        await using var target = OwnerOnly.OpenWrite(file, FileMode.Create);
        foreach (var (name, path) in documents.Files)
        {
            var count = 0;
            if (path is not null)
            {
                await using var source = RegularFile.OpenStream(path);
                count = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            }
            target.Write(Describe(documents, name, new CapturedBody(buffer.AsMemory(0, Math.Min(count, options.BodyLimit)), count > options.BodyLimit), text));
        }
    }

    private static ReadOnlySpan<byte> Describe(JobDocuments documents, string name, CapturedBody body, RecordText text)
    {
        var exchange = new CapturedExchange
        {
            RequestId = documents.Job.Spec.RequestId,
            ModelName = documents.ModelName!,
            ModelVersion = documents.ModelVersion ?? "",
            Time = documents.Job.Metadata.Created,
            Method = "",
            Uri = name,
            Host = "",
            Status = 0,
            RequestHeaders = [],
            ResponseHeaders = [],
            Request = body,
            Response = body,
        };
        return documents.AreResponses ? text.WriteResponse(exchange) : text.WriteRequest(exchange);
    }

    // What went wrong; null: it is saved.
    private async Task<string?> SaveAsync(string file, string name, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        for (var failures = 0; ; failures++)
        {
            try
            {
                using var opened = await storage.OpenAsync(both.Token);
                await using var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
                await opened.Storage.SaveAsync(storage.KeyOf(opened.Location, name), content, SaveMode.Overwrite, both.Token);
                return null;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return $"the storage did not answer within {Patience.TotalSeconds} s";
            }
            catch (Exception e) when (e is ObjectStorageException or SecretsUnavailableException && !cancellationToken.IsCancellationRequested)
            {
                FeedbackMeters.Failed(1);
                if (failures + 1 == MostTries || e is ObjectStorageException { IsPassing: false })
                    return e.Message;
            }
            await PauseAsync(failures, both.Token, cancellationToken);
        }
    }

    private async Task PauseAsync(int failures, CancellationToken limited, CancellationToken cancellationToken)
    {
        await Task.Delay(Backoff.Exponential(FirstPause, LongestPause, failures), time, limited).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}

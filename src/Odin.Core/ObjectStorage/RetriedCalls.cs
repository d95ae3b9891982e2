using System.Globalization;

namespace Odin.ObjectStorage;

/// <summary>Tries a call again, with growing delays, as long as what went wrong may pass.</summary>
/// <param name="description">Of the storage, for messages.</param>
internal sealed class RetriedCalls(string description, TransferLimits limits)
{
    // A server that asks for more is asked again all the same, and fails the call perhaps.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(20);

    /// <param name="call">
    /// Made anew for each attempt; throws <see cref="ObjectStorageException"/>. Its token ends with the deadline for an answer.
    /// </param>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            ObjectStorageException failure;
            try
            {
                return await RunOnceAsync(call, cancellationToken);
            }
            catch (ObjectStorageException e) when (e.IsPassing && attempt < limits.Attempts)
            {
                failure = e;
            }
            await Task.Delay(DelayAfter(attempt, failure.RetryAfter), limits.Time, cancellationToken);
        }
    }

    /// <summary>One attempt, with the same deadline.</summary>
    public async Task<T> RunOnceAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limits.AnswerTimeout, limits.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectStorageException(string.Create(CultureInfo.InvariantCulture,
                $"{description} did not answer within {limits.AnswerTimeout.TotalSeconds} s. Is the address right, and does nothing on the way hold it up?"), isPassing: true, e);
        }
    }

    /// <summary>How long to wait before the next attempt.</summary>
    public TimeSpan DelayAfter(int attempt, TimeSpan? wanted)
    {
        var own = limits.FirstDelay * Math.Pow(2, attempt - 1) * (0.75 + (Random.Shared.NextDouble() / 2));
        var delay = wanted > own ? wanted.Value : own;
        return delay < LongestDelay ? delay : LongestDelay;
    }
}

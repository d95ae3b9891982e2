using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Odin.Connections;

namespace Odin.Feedback;

/// <summary>Works again and again, with a pause in between that ends early when somebody wants everything written.</summary>
internal abstract class WritingLoop(TimeProvider time) : BackgroundService
{
    /// <summary>How long the loop may take to end when the server stops, and then the last work.</summary>
    protected static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    // Of a storage that takes a connection and then says nothing.
    private static readonly TimeSpan SavePatience = TimeSpan.FromMinutes(2);

    private readonly ConcurrentQueue<TaskCompletionSource> flushes = new();
    private volatile TaskCompletionSource wake = New();
    private volatile bool hasEnded;

    /// <summary>Between two works.</summary>
    internal TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(200);

    protected TimeProvider Time => time;

    /// <summary>When a storage that has failed is tried again.</summary>
    protected RetryPause Retry { get; } = new(time);

    /// <summary>
    /// Tries once to write all that was there when this was called; whether that has succeeded, the storage shows. At once when
    /// the loop has ended.
    /// </summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var flush = New();
        flushes.Enqueue(flush);
        wake.TrySetResult();
        if (hasEnded)
            Answer(TakeFlushes());
        await flush.Task.WaitAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (hasEnded || ExecuteTask is not { } loop)
            return;
        // The host may have spent all its patience on others, and what is here is to be saved all the same.
        await loop.WaitAsync(StopPatience, TimeProvider.System, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Not part of the loop, which need not even have begun when the server stops; nor beside it, if it cannot be ended.
        if (loop.IsCompleted)
        {
            using var limit = new CancellationTokenSource(StopPatience, TimeProvider.System);
            await FinishAsync(limit.Token);
        }
        else
        {
            GiveUp();
        }
        hasEnded = true;
        Answer(TakeFlushes());
    }

    /// <summary>
    /// Saves each of them, within a time. One that cannot be saved holds up no other one, unless the storage says nothing at all.
    /// False: something is left, to be tried again after <see cref="Retry"/>.
    /// </summary>
    protected async Task<bool> TrySaveAsync<T>(
        FeedbackStorage storage, IReadOnlyCollection<T> items, int atOnce, Func<T, OpenedStorage, CancellationToken, Task> save, CancellationToken cancellationToken)
    {
        var failures = new ConcurrentQueue<Exception>();
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // Whatever goes wrong: predictions and feedback go on, and what is here stays here until it can be saved.
        try
        {
            using var opened = await storage.OpenAsync(silence.Token);
            await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = silence.Token }, async (item, token) =>
            {
                using var limit = new CancellationTokenSource(SavePatience, Time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, token);
                try
                {
                    await save(item, opened, both.Token);
                }
                catch (Exception e)
                {
                    failures.Enqueue(e);
                    // The others would wait as long.
                    if (limit.IsCancellationRequested)
                        await silence.CancelAsync();
                }
            });
        }
        catch (Exception e)
        {
            failures.Enqueue(e);
        }
        cancellationToken.ThrowIfCancellationRequested();
        if (!failures.TryPeek(out var first))
        {
            if (Retry.Failures > 0)
                LogSavedAgain(Retry.Failures);
            Retry.Succeeded();
            return true;
        }
        Retry.Failed();
        FeedbackMeters.Failed(failures.Count);
        if (Retry.Failures == 1)
            LogNotSaved(first is OperationCanceledException ? $"it did not answer within {SavePatience.TotalSeconds} s" : first.Message);
        return false;
    }

    /// <summary>The loop cannot be ended, and may still be using all that is there: nothing can be saved any more.</summary>
    protected virtual void GiveUp()
    {
    }

    /// <summary>Says that nothing can be saved for the moment; once, until it can be again.</summary>
    protected abstract void LogNotSaved(string reason);

    protected abstract void LogSavedAgain(int failures);

    /// <param name="now">Whether all is to be written, whatever its age.</param>
    protected abstract Task WorkAsync(bool now, CancellationToken cancellationToken);

    /// <summary>The last work.</summary>
    /// <param name="cancellationToken">Ends it after <see cref="StopPatience"/>.</param>
    protected abstract Task FinishAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                wake = New();
                var wanted = TakeFlushes();
                try
                {
                    await WorkAsync(wanted.Count > 0, stoppingToken);
                }
                finally
                {
                    Answer(wanted);
                }
                await Task.WhenAny(Task.Delay(Pause, Time, stoppingToken), wake.Task);
                stoppingToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Answer(List<TaskCompletionSource> wanted) => wanted.ForEach(w => w.TrySetResult());

    private List<TaskCompletionSource> TakeFlushes()
    {
        var taken = new List<TaskCompletionSource>();
        while (flushes.TryDequeue(out var flush))
            taken.Add(flush);
        return taken;
    }
}

using Microsoft.Extensions.Logging;

namespace Odin.Execution.Processes;

/// <summary>
/// Work that goes on after the call that gave rise to it has returned. What fails for want of descriptors or memory is
/// tried until there are some, other trouble with files for a while. Closing ends all of it and waits.
/// </summary>
internal sealed partial class BackgroundWork(ILogger logger) : IAsyncDisposable
{
    private const int Attempts = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly HashSet<Task> pending = [];
    private readonly CancellationTokenSource closing = new();

    /// <param name="work">May be called several times, never twice at once.</param>
    /// <param name="failed">Called when it is given up.</param>
    public void Start(Func<CancellationToken, Task> work, Action<Exception>? failed = null)
    {
        var running = PersistAsync(work, failed);
        if (running.IsCompletedSuccessfully)
            return;
        lock (gate)
        {
            pending.Add(running);
            running.ContinueWith(Remove, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        Task[] left;
        lock (gate)
            left = [.. pending];
        await Task.WhenAll(left);
        closing.Dispose();
    }

    private void Remove(Task work)
    {
        lock (gate)
            pending.Remove(work);
    }

    private async Task PersistAsync(Func<CancellationToken, Task> work, Action<Exception>? failed)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await work(closing.Token);
                    return;
                }
                catch (Exception e) when (Native.IsShortage(e) || (e is IOException or UnauthorizedAccessException && attempt < Attempts))
                {
                    if (attempt == 1)
                        LogTriedAgain(e);
                }
                await Task.Delay(Pause, closing.Token);
            }
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            // The next process carries on from the files.
        }
        catch (Exception e)
        {
            LogUnexpected(e);
            failed?.Invoke(e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The end of an execution cannot be brought about or found out now; trying again")]
    private partial void LogTriedAgain(Exception exception);

    [LoggerMessage(LogLevel.Error, "The end of an execution could not be brought about or found out")]
    private partial void LogUnexpected(Exception exception);
}

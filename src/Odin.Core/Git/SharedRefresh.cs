namespace Odin.Git;

/// <summary>
/// Lets many callers share one piece of work, so that each is served by a round that began after it asked: a caller that
/// comes during a round waits for the next one, together with all who came meanwhile.
/// </summary>
/// <param name="round">Its argument: whether any of the callers wants everything.</param>
internal sealed class SharedRefresh(Func<bool, Task> round)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? waiting;
    private bool waitingForEverything;
    private bool isRunning;

    /// <summary>A caller that gives up does not end the round: others wait for it too.</summary>
    public Task JoinAsync(bool everything, CancellationToken cancellationToken)
    {
        Task served;
        lock (gate)
        {
            waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waitingForEverything |= everything;
            served = waiting.Task;
            if (isRunning)
                return served.WaitAsync(cancellationToken);
            isRunning = true;
        }
        _ = ServeAsync();
        return served.WaitAsync(cancellationToken);
    }

    // Ends by itself when nobody waits; every failure goes to those who wait.
    private async Task ServeAsync()
    {
        while (true)
        {
            TaskCompletionSource served;
            bool everything;
            lock (gate)
            {
                if (waiting is null)
                {
                    isRunning = false;
                    return;
                }
                (served, everything) = (waiting, waitingForEverything);
                (waiting, waitingForEverything) = (null, false);
            }
            try
            {
                await round(everything);
                served.SetResult();
            }
            catch (Exception exception)
            {
                served.SetException(exception);
            }
        }
    }
}

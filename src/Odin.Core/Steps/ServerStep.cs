namespace Odin.Steps;

/// <summary>A step that this server is working on, or has just ended: its outcome is stored by the next pass.</summary>
internal sealed class ServerStep<T>(string attempt, WorkStep step) : IDisposable
{
    private readonly CancellationTokenSource cancellation = new();

    public string Attempt { get; } = attempt;

    public WorkStep Step { get; } = step;

    /// <summary>Ends when the work has, whatever came of it; never fails.</summary>
    public Task<StepOutcome<T>> Work { get; private set; } = null!;

    public void Begin(Func<CancellationToken, Task<Func<T, T>>> work, Action done)
    {
        Work = RunAsync(work);
        _ = Work.ContinueWith(_ => done(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Whether nobody wants its outcome any more: the lease was lost, or the process ends.</summary>
    public bool IsAbandoned { get; private set; }

    public void Cancel() => cancellation.Cancel();

    /// <summary>Cancels it; what comes of it is thrown away.</summary>
    public void Abandon()
    {
        IsAbandoned = true;
        Cancel();
    }

    public void Dispose() => cancellation.Dispose();

    private async Task<StepOutcome<T>> RunAsync(Func<CancellationToken, Task<Func<T, T>>> work)
    {
        await Task.Yield();
        try
        {
            return new StepOutcome<T>(await work(cancellation.Token), null);
        }
        catch (Exception e)
        {
            return new StepOutcome<T>(null, e);
        }
    }
}

/// <summary>What came of a step: a change of the resource, or what went wrong.</summary>
internal sealed record StepOutcome<T>(Func<T, T>? Apply, Exception? Failure);

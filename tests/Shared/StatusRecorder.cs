using System.Collections.Concurrent;
using Odin.Execution;

namespace Odin.Testing;

/// <summary>Watches an executor from its construction on and keeps what it says.</summary>
public sealed class StatusRecorder : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentDictionary<ExecutionKey, TaskCompletionSource<ExecutionStatus>> ends = [];
    private readonly Task reading;

    public StatusRecorder(IExecutor executor) => reading = ReadAsync(executor);

    /// <summary>All statuses in the order of their arrival.</summary>
    public ConcurrentQueue<ExecutionStatus> All { get; } = [];

    /// <summary>The end of an execution as the watch reports it, also if that has happened already.</summary>
    public async Task<ExecutionStatus> EndOf(ExecutionKey key)
    {
        try
        {
            return await EndSource(key).Task.WaitAsync(Deadline);
        }
        catch (TimeoutException)
        {
            var seen = string.Join(", ", All.Where(s => s.Key == key).Select(s => s.Phase));
            throw new TimeoutException($"No end of \"{key}\" was reported; seen: [{seen}]");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await reading;
        stop.Dispose();
    }

    private async Task ReadAsync(IExecutor executor)
    {
        try
        {
            await foreach (var status in executor.WatchAsync(stop.Token))
            {
                All.Enqueue(status);
                if (status.IsEnded)
                    EndSource(status.Key).TrySetResult(status);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private TaskCompletionSource<ExecutionStatus> EndSource(ExecutionKey key) =>
        ends.GetOrAdd(key, _ => new TaskCompletionSource<ExecutionStatus>(TaskCreationOptions.RunContinuationsAsynchronously));
}

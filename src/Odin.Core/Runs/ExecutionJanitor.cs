using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>
/// Lets executors forget what has ended, some time later and not too fast: on ext4, files that are made right after many
/// were deleted take ten times as long, and the tasks that are starting would pay for it. What a crash leaves behind goes
/// with the run's clean-up.
/// </summary>
internal sealed partial class ExecutionJanitor(ExecutorSet executors, TimeProvider time, ILogger<ExecutionJanitor> logger) : BackgroundService
{
    private const int Burst = 50;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Channel<Item>> queues = executors.All.ToDictionary(e => e.Name, _ => Channel.CreateUnbounded<Item>());

    /// <summary>Takes an execution whose end is in the store.</summary>
    public void Add(IExecutor executor, ExecutionKey key) =>
        queues[executor.Name].Writer.TryWrite(new Item(executor, key, time.GetUtcNow() + executor.KeepEnded));

    // Each executor keeps what has ended for a time of its own; in one queue the patient would hold up the others.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(queues.Values.Select(q => RemoveAsync(q, stoppingToken)));

    private async Task RemoveAsync(Channel<Item> items, CancellationToken stoppingToken)
    {
        var done = 0;
        await foreach (var item in items.Reader.ReadAllAsync(stoppingToken))
        {
            var wait = item.Due - time.GetUtcNow();
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time, stoppingToken);
            else if (++done % Burst == 0)
                await Task.Delay(Pause, time, stoppingToken);
            try
            {
                await item.Executor.RemoveAsync(item.Key, stoppingToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException or ExecutorUnavailableException)
            {
                LogNotRemoved(item.Key, e);
            }
        }
    }

    private sealed record Item(IExecutor Executor, ExecutionKey Key, DateTimeOffset Due);

    [LoggerMessage(1, LogLevel.Warning, "What was kept of execution {Execution} could not be removed; it goes with its run")]
    private partial void LogNotRemoved(ExecutionKey execution, Exception exception);
}

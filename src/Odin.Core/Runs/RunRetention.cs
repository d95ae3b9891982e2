using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>Deletes finished runs with all that belongs to them once they are older than <see cref="RunOptions.Retention"/>.</summary>
internal sealed partial class RunRetention(
    IResourceStore store, RunCleaner cleaner, RunOptions options, TimeProvider time, ILogger<RunRetention> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Retention <= TimeSpan.Zero)
            return;
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception e) when (e is StoreUnavailableException or IOException or UnauthorizedAccessException or TimeoutException)
            {
                LogSweepFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One sweep; returns how many runs went.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var query = new ResourceQuery
        {
            Phases = [nameof(RunPhase.Succeeded), nameof(RunPhase.Failed), nameof(RunPhase.Cancelled)],
            CreatedBefore = time.GetUtcNow() - options.Retention,
        };
        var removed = 0;
        await foreach (var run in store.EnumerateAsync<Run>(query, cancellationToken))
        {
            if (run.Status.Finished > time.GetUtcNow() - options.Retention)
                continue;
            await cleaner.CleanAsync(run.Id, purgeRecords: true, purgeFiles: true, cancellationToken);
            removed++;
        }
        var entries = new ResourceQuery { CreatedBefore = time.GetUtcNow() - options.Retention };
        await foreach (var entry in store.EnumerateAsync<CacheEntry>(entries, cancellationToken))
        {
            if (entry.Metadata.Updated < time.GetUtcNow() - options.Retention)
                await store.DeleteAsync<CacheEntry>(entry.Metadata.Id, time, cancellationToken);
        }
        if (removed > 0)
            LogSwept(removed, options.Retention);
        return removed;
    }

    [LoggerMessage(1, LogLevel.Information, "{Runs} runs older than {Age} were deleted")]
    private partial void LogSwept(int runs, TimeSpan age);

    [LoggerMessage(2, LogLevel.Warning, "Deleting old runs failed; trying again in an hour")]
    private partial void LogSweepFailed(Exception exception);
}

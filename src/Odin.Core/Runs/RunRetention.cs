using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Git;
using Odin.Pipelines;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>Deletes finished runs with all that belongs to them once they are older than <see cref="RunOptions.Retention"/>.</summary>
internal sealed partial class RunRetention(
    IResourceStore store, RunCleaner cleaner, RunOptions options, LeaseKeeper leases, TimeProvider time, ILogger<RunRetention> logger,
    PipelineCatalog? catalog = null) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    // Not the truth, which is in the store: what was seen there once need not be looked for among all runs every hour.
    private readonly HashSet<string> named = [];

    // Of each run it is said once that its files are somebody else's: it is tried every hour, and nobody mends it hourly.
    private readonly HashSet<string> refused = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                // One of several servers does it, for as long as it lives.
                if (await leases.AcquireAsync(nameof(RunRetention), stoppingToken) is not null)
                {
                    if (options.Retention > TimeSpan.Zero)
                        await SweepAsync(stoppingToken);
                    await RemoveCheckoutsAsync(stoppingToken);
                    await RemoveRenderedAsync(stoppingToken);
                }
            }
            catch (Exception e) when (e is StoreUnavailableException or IOException or UnauthorizedAccessException or TimeoutException or GitException)
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
            try
            {
                await cleaner.CleanAsync(run.Id, purgeRecords: true, purgeFiles: true, cancellationToken);
                removed++;
            }
            catch (FilesNotRemovedException e)
            {
                if (refused.Add(run.Id))
                    LogFilesNotDeleted(run.Id, e.Message);
            }
            catch (Exception e) when (e is not (OperationCanceledException or StoreUnavailableException))
            {
                // One run that cannot be deleted must not keep all the others.
                LogRunNotDeleted(e, run.Id);
            }
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

    /// <summary>Removes rendered jobs that no run names: the server died, or lost its store, between rendering and storing.</summary>
    public async Task RemoveRenderedAsync(CancellationToken cancellationToken)
    {
        var old = time.GetUtcNow() - Interval;
        var directory = new DirectoryInfo(options.RenderedDirectory);
        var unknown = directory.Exists
            ? directory.EnumerateDirectories().Where(d => d.LastWriteTimeUtc < old && !named.Contains(d.Name)).Select(d => d.Name).ToHashSet()
            : [];
        if (unknown.Count == 0)
            return;
        await foreach (var run in store.EnumerateAsync<Run>(new ResourceQuery(), cancellationToken))
        {
            // By their names, which are unique: the path may have been written in another way when the run was made.
            if (Path.GetFileName(run.Spec.WorkPath) is { } name && unknown.Contains(name))
                named.Add(name);
        }
        foreach (var name in unknown.Except(named))
            RenderedJobs.Delete(options, Path.Combine(options.RenderedDirectory, name));
    }

    // A commit that no unfinished run works in is laid out again when somebody needs it.
    private async Task RemoveCheckoutsAsync(CancellationToken cancellationToken)
    {
        if (catalog is null)
            return;
        var used = new HashSet<string>();
        var unfinished = new ResourceQuery { Phases = [nameof(RunPhase.Pending), nameof(RunPhase.Running)] };
        await foreach (var run in store.EnumerateAsync<Run>(unfinished, cancellationToken))
        {
            if (run.Spec.Commit is { } commit)
                used.Add(commit);
        }
        await catalog.RemoveUnusedCheckoutsAsync(used, cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Information, "{Runs} runs older than {Age} were deleted")]
    private partial void LogSwept(int runs, TimeSpan age);

    [LoggerMessage(3, LogLevel.Warning, "Run '{Run}' could not be deleted; trying again in an hour")]
    private partial void LogRunNotDeleted(Exception exception, string run);

    [LoggerMessage(4, LogLevel.Warning, "Run '{Run}' could not be deleted, and is tried again every hour: {Problem}")]
    private partial void LogFilesNotDeleted(string run, string problem);

    [LoggerMessage(2, LogLevel.Warning, "Deleting old runs failed; trying again in an hour")]
    private partial void LogSweepFailed(Exception exception);
}

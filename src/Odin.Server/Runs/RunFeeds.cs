using Odin.Reconciliation;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Runs;

/// <summary>
/// The runs that somebody looks at. One subscription to the store serves all of them; a few that nobody looks at any more
/// stay, since whoever asks for a run's status asks again.
/// </summary>
internal sealed class RunFeeds(IResourceStore store, RunReader reader, TimeProvider time, ILogger<RunFeeds> logger) : BackgroundService
{
    private const int MaxIdle = 8;

    private readonly Lock gate = new();
    private readonly Dictionary<string, RunFeed> feeds = new(StringComparer.Ordinal);

    // The ones that nobody holds, the longest unused first.
    private readonly List<RunFeed> idle = [];

    /// <summary>The feed of a run, until the result is disposed.</summary>
    public Lease Open(string runId)
    {
        lock (gate)
        {
            if (!feeds.TryGetValue(runId, out var feed))
                feeds.Add(runId, feed = new RunFeed(runId, store, reader));
            if (feed.Holders++ == 0)
                idle.Remove(feed);
            return new Lease(this, feed);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(FollowAsync<Run>(stoppingToken), FollowAsync<TaskRun>(stoppingToken));

    private Task FollowAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        store.FollowAsync<T>(_ => ReportAsync(ResourceChange.Resync), (change, _) => ReportAsync(change), time, logger, cancellationToken);

    private Task ReportAsync(ResourceChange change)
    {
        Report(change);
        return Task.CompletedTask;
    }

    private void Report(ResourceChange change)
    {
        lock (gate)
        {
            if (change.Kind is null)
            {
                foreach (var feed in feeds.Values)
                    feed.Report(null);
                return;
            }
            // A change of a run bears the run's id, and that of a task has the run as its parent. A deletion may not know it.
            if (feeds.TryGetValue(change.Id, out var own))
                own.Report(change.Id);
            else if (change.Parent is not null && feeds.TryGetValue(change.Parent, out var parent))
                parent.Report(change.Id);
        }
    }

    private void Return(RunFeed feed)
    {
        lock (gate)
        {
            if (--feed.Holders > 0)
                return;
            // An id that does not exist must not push out one that does.
            idle.Insert(feed.IsMissing ? 0 : idle.Count, feed);
            if (feed.IsMissing || idle.Count > MaxIdle)
                DropOldest();
        }
    }

    private void DropOldest()
    {
        feeds.Remove(idle[0].RunId);
        idle[0].Dispose();
        idle.RemoveAt(0);
    }

    /// <summary>Holds a feed.</summary>
    internal sealed class Lease(RunFeeds owner, RunFeed feed) : IDisposable
    {
        private bool returned;

        /// <summary>The feed itself: the same one for all who look at the run at a time.</summary>
        public RunFeed Feed => feed;

        public Task<RunSnapshot?> ReadAsync(CancellationToken cancellationToken) => feed.ReadAsync(cancellationToken);

        public Task Changed => feed.Changed;

        public void Dispose()
        {
            if (returned)
                return;
            returned = true;
            owner.Return(feed);
        }
    }
}

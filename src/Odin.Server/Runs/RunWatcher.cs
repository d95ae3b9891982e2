using System.Runtime.CompilerServices;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Runs;

/// <summary>Something that a watcher of a run hears.</summary>
internal abstract record RunEvent
{
    private RunEvent()
    {
    }

    public sealed record RunChanged(Run Run) : RunEvent;

    public sealed record TaskChanged(TaskRow Task) : RunEvent;

    /// <summary>The last one. Null: the record of the run was deleted.</summary>
    public sealed record Ended(Run? Run) : RunEvent;
}

/// <summary>
/// Follows a run: first everything as it is, then what changes, then the end. Somebody who reads slowly misses states in
/// between, never the last one.
/// </summary>
internal sealed class RunWatcher(RunFeeds feeds, IResourceStore store, TimeProvider time)
{
    // A run that changes all the time is told in steps: nobody reads faster, and each step costs a look at all its tasks.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25), LongPause = TimeSpan.FromMilliseconds(250);
    private const int ManyTasks = 1000;

    public async IAsyncEnumerable<RunEvent> WatchAsync(string runId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var feed = feeds.Open(runId);
        var (version, sequence) = ("", 0L);
        while (true)
        {
            // Taken before the reading: what happens in between wakes us, whoever reads it first.
            var changed = feed.Changed;
            if (await feed.ReadAsync(cancellationToken) is not { } snapshot)
            {
                yield return new RunEvent.Ended(null);
                yield break;
            }
            var isNew = version != snapshot.Run.Metadata.Version;
            if (isNew && version.Length == 0)
                yield return new RunEvent.RunChanged(snapshot.Run);
            foreach (var row in snapshot.Rows)
            {
                if (row.Sequence > sequence)
                    yield return new RunEvent.TaskChanged(row);
            }
            if (isNew && version.Length > 0)
                yield return new RunEvent.RunChanged(snapshot.Run);
            (version, sequence) = (snapshot.Run.Metadata.Version, snapshot.Sequence);
            if (snapshot.Run.Status.IsEnded)
            {
                yield return new RunEvent.Ended(snapshot.Run);
                yield break;
            }
            await Task.Delay(snapshot.Rows.Count > ManyTasks ? LongPause : Pause, time, cancellationToken);
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The same without tasks, which costs next to nothing however many there are.</summary>
    public async IAsyncEnumerable<RunEvent> WatchRunAsync(string runId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var watcher = ResourceWatcher.Start<Run>(store, cancellationToken);
        var version = "";
        do
        {
            var run = await store.FindAsync<Run>(runId, cancellationToken);
            if (run is not null && run.Metadata.Version != version)
            {
                version = run.Metadata.Version;
                yield return new RunEvent.RunChanged(run);
            }
            if (run is null or { Status.IsEnded: true })
            {
                yield return new RunEvent.Ended(run);
                yield break;
            }
        }
        while (await watcher.WaitAsync(change => change.Id == runId));
    }
}

using System.Collections.Immutable;
using System.Threading.Channels;

namespace Odin.Storage;

/// <summary>
/// Hands committed changes to watchers. A watch is subscribed when <c>GetAsyncEnumerator</c> returns, so what is
/// committed after that is seen; what was committed a moment before may be seen as well.
/// </summary>
/// <remarks>Publishing never waits for a watcher. Changes of this process are published in the order of commits, and so are those of each other server.</remarks>
internal sealed class ChangeFeed(int buffer)
{
    private readonly Lock gate = new();
    private volatile ImmutableDictionary<string, ImmutableList<Channel<ResourceChange>>> watchers =
        ImmutableDictionary<string, ImmutableList<Channel<ResourceChange>>>.Empty;
    private bool closed;

    public IAsyncEnumerable<ResourceChange> Watch(string kind, CancellationToken cancellationToken) =>
        new Watched(this, kind, cancellationToken);

    public void Publish(string kind, ResourceChange change)
    {
        if (!watchers.TryGetValue(kind, out var channels))
            return;
        foreach (var channel in channels)
        {
            // Our own writer and the listener may be at it at the same time.
            lock (channel)
                Send(channel, change);
        }
    }

    /// <summary>Tells every watcher of every kind that changes may have been missed.</summary>
    public void PublishResync()
    {
        foreach (var channel in watchers.Values.SelectMany(c => c))
        {
            lock (channel)
                Send(channel, ResourceChange.Resync);
        }
    }

    /// <summary>Ends every watch once its reader has taken what is buffered.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            foreach (var channel in watchers.Values.SelectMany(c => c))
                channel.Writer.TryComplete();
        }
    }

    private static void Send(Channel<ResourceChange> channel, ResourceChange change)
    {
        if (channel.Writer.TryWrite(change))
            return;
        // The reader has fallen behind. Listing again covers all that is buffered, and this change too.
        while (channel.Reader.TryRead(out _))
        {
        }
        channel.Writer.TryWrite(ResourceChange.Resync);
    }

    private Channel<ResourceChange> Subscribe(string kind)
    {
        var channel = Channel.CreateBounded<ResourceChange>(Math.Max(1, buffer));
        lock (gate)
        {
            if (closed)
                channel.Writer.TryComplete();
            watchers = watchers.SetItem(kind, watchers.GetValueOrDefault(kind, []).Add(channel));
        }
        return channel;
    }

    private void Unsubscribe(string kind, Channel<ResourceChange> channel)
    {
        lock (gate)
            watchers = watchers.SetItem(kind, watchers[kind].Remove(channel));
    }

    private sealed class Watched(ChangeFeed feed, string kind, CancellationToken outer) : IAsyncEnumerable<ResourceChange>
    {
        public IAsyncEnumerator<ResourceChange> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            new Subscription(feed, kind, outer, cancellationToken);
    }

    private sealed class Subscription : IAsyncEnumerator<ResourceChange>
    {
        private readonly ChangeFeed feed;
        private readonly string kind;
        private readonly Channel<ResourceChange> channel;
        private readonly CancellationTokenSource cancellation;

        public Subscription(ChangeFeed feed, string kind, CancellationToken outer, CancellationToken inner)
        {
            this.feed = feed;
            this.kind = kind;
            channel = feed.Subscribe(kind);
            cancellation = CancellationTokenSource.CreateLinkedTokenSource(outer, inner);
        }

        public ResourceChange Current { get; private set; } = ResourceChange.Resync;

        public async ValueTask<bool> MoveNextAsync()
        {
            cancellation.Token.ThrowIfCancellationRequested();
            while (await channel.Reader.WaitToReadAsync(cancellation.Token))
            {
                // The publisher may have emptied an overflowing channel in between.
                if (channel.Reader.TryRead(out var change))
                {
                    Current = change;
                    return true;
                }
            }
            return false;
        }

        public ValueTask DisposeAsync()
        {
            feed.Unsubscribe(kind, channel);
            cancellation.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

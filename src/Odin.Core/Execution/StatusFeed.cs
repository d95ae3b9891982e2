using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Odin.Execution;

/// <summary>
/// Hands changes of status to any number of readers. A slow reader gets the latest status of each execution rather than
/// every one, and never misses an end; memory is bounded by the number of executions.
/// </summary>
public sealed class StatusFeed
{
    private readonly Lock gate = new();
    private readonly List<Subscription> subscriptions = [];
    private bool completed;

    public void Publish(ExecutionStatus status)
    {
        lock (gate)
        {
            foreach (var subscription in subscriptions)
                subscription.Add(status);
        }
    }

    /// <summary>Everything published from the first step of the enumeration on.</summary>
    public async IAsyncEnumerable<ExecutionStatus> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var subscription = new Subscription();
        lock (gate)
        {
            if (completed)
                yield break;
            subscriptions.Add(subscription);
        }
        try
        {
            while (await subscription.WaitAsync(cancellationToken))
            {
                while (subscription.TryTake() is { } status)
                    yield return status;
            }
        }
        finally
        {
            lock (gate)
                subscriptions.Remove(subscription);
        }
    }

    /// <summary>Ends all enumerations.</summary>
    public void Complete()
    {
        lock (gate)
        {
            completed = true;
            foreach (var subscription in subscriptions)
                subscription.Complete();
        }
    }

    private sealed class Subscription
    {
        private readonly Lock gate = new();
        private readonly Dictionary<ExecutionKey, ExecutionStatus> latest = [];
        private readonly Queue<ExecutionKey> order = new();
        private readonly Channel<bool> signal = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        public void Add(ExecutionStatus status)
        {
            lock (gate)
            {
                if (latest.TryAdd(status.Key, status))
                    order.Enqueue(status.Key);
                else if (!latest[status.Key].IsEnded || status.IsEnded)
                    latest[status.Key] = status;
            }
            signal.Writer.TryWrite(true);
        }

        public ExecutionStatus? TryTake()
        {
            lock (gate)
                return order.TryDequeue(out var key) && latest.Remove(key, out var status) ? status : null;
        }

        /// <summary>False when there will be no more.</summary>
        public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
        {
            if (!await signal.Reader.WaitToReadAsync(cancellationToken))
                return false;
            signal.Reader.TryRead(out _);
            return true;
        }

        public void Complete() => signal.Writer.TryComplete();
    }
}

using Odin.Deployments;

namespace Odin.Server.Gateway;

/// <summary>The connections to one replica, and whether it can be reached.</summary>
internal sealed class ReplicaClient(Replica replica, TimeProvider time) : IDisposable
{
    private const int FailuresUntilOpen = 2;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100), Longest = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker invoker = new(ReplicaEndpoint.CreateHandler(replica.Endpoint, watched: true));
    private int requests, failures;
    private long openUntil;
    private bool isGone;

    public string Id => replica.Id;

    /// <summary>As it was last reported.</summary>
    public Replica Replica
    {
        get => Volatile.Read(ref replica);
        set => Volatile.Write(ref replica, value);
    }

    /// <summary>What requests are addressed to, without a slash at the end.</summary>
    public string Address { get; } = ReplicaEndpoint.AddressOf(replica.Endpoint).GetLeftPart(UriPartial.Authority);

    /// <summary>Requests on their way.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>How long it is left alone yet, because it could not be reached; zero: it may be asked.</summary>
    public TimeSpan LeftAlone
    {
        get
        {
            var until = Volatile.Read(ref openUntil);
            return until == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(0, until - time.GetUtcNow().UtcTicks));
        }
    }

    /// <summary>What waits for it goes on on the thread of a <see cref="SocketWatcher"/>, and must not block.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => invoker.SendAsync(request, cancellationToken);

    public void Enter() => Interlocked.Increment(ref requests);

    public void Exit()
    {
        if (Interlocked.Decrement(ref requests) == 0 && Volatile.Read(ref isGone))
            invoker.Dispose();
    }

    /// <summary>It has answered something.</summary>
    public void Succeeded()
    {
        if (Volatile.Read(ref failures) == 0)
            return;
        Volatile.Write(ref failures, 0);
        Volatile.Write(ref openUntil, 0);
    }

    /// <summary>It could not be reached, or broke off. After the second time it is left alone for a while.</summary>
    public void Failed()
    {
        // Requests that fail together have failed once.
        if (LeftAlone > TimeSpan.Zero)
            return;
        var count = Interlocked.Increment(ref failures);
        if (count >= FailuresUntilOpen)
            Volatile.Write(ref openUntil, (time.GetUtcNow() + Reconciliation.Backoff.Exponential(Shortest, Longest, count - FailuresUntilOpen)).UtcTicks);
    }

    /// <summary>Nothing new is sent; the connections are closed when what is on its way is done.</summary>
    public void Dispose()
    {
        Volatile.Write(ref isGone, true);
        if (Requests == 0)
            invoker.Dispose();
    }
}

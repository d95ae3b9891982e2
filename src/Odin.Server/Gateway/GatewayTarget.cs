using Odin.Deployments;

namespace Odin.Server.Gateway;

/// <summary>What the gateway knows of one deployment. The object lives as long as the deployment; what it holds is replaced.</summary>
internal sealed class GatewayTarget(Deployment deployment, DeploymentLoad load, TimeProvider time)
{
    private readonly Dictionary<string, ReplicaClient> clients = new(StringComparer.Ordinal);
    private volatile TargetView view = TargetView.Empty(deployment);
    private int waiting;

    public string Id => view.Deployment.Id;

    public DeploymentLoad Load { get; } = load;

    /// <summary>The present view; immutable.</summary>
    public TargetView View => view;

    /// <summary>Requests that wait for a replica.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Takes a newer state over, and lets those look again who wait. Called by one thread at a time.</summary>
    public void Update(Deployment newer)
    {
        var ready = newer.Status.Replicas.Where(r => r.State == ReplicaState.Ready).ToList();
        foreach (var replica in ready)
        {
            if (clients.TryGetValue(replica.Id, out var client))
                client.Replica = replica;
            else
                clients[replica.Id] = new ReplicaClient(replica, time);
        }
        var next = new TargetView(newer, [.. ready.Select(r => clients[r.Id])], new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var old = Interlocked.Exchange(ref view, next);
        foreach (var gone in clients.Keys.Except(newer.Status.Replicas.Select(r => r.Id)).ToList())
        {
            clients.Remove(gone, out var left);
            left!.Dispose();
        }
        old.Changed.TrySetResult();
    }

    /// <summary>The deployment is gone.</summary>
    public void Close()
    {
        foreach (var client in clients.Values)
            client.Dispose();
        clients.Clear();
        var old = Interlocked.Exchange(ref view, TargetView.Empty(view.Deployment) with { IsGone = true });
        old.Changed.TrySetResult();
    }

    /// <summary>False: too many wait already.</summary>
    public bool TryJoinLine(int most)
    {
        if (Interlocked.Increment(ref waiting) <= most)
            return true;
        Interlocked.Decrement(ref waiting);
        return false;
    }

    public void LeaveLine() => Interlocked.Decrement(ref waiting);
}

/// <summary>A deployment at one moment.</summary>
/// <param name="Ready">The replicas that take requests.</param>
/// <param name="Changed">Completes when there is a newer view.</param>
internal sealed record TargetView(Deployment Deployment, IReadOnlyList<ReplicaClient> Ready, TaskCompletionSource Changed)
{
    public bool IsGone { get; init; }

    public static TargetView Empty(Deployment deployment) => new(deployment, [], new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}

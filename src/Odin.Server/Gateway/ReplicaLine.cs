using Odin.Deployments;

namespace Odin.Server.Gateway;

/// <summary>Finds a replica for a request, and lets it wait where there is none: for a bounded time, in a bounded line.</summary>
internal sealed class ReplicaLine(GatewayOptions options, TimeProvider time)
{
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(5);

    /// <summary>A replica with the least to do; the request counts as its own until <see cref="Leave"/>.</summary>
    /// <param name="tried">Replicas that have turned the request away.</param>
    /// <param name="deadline">Timestamp after which nothing is waited for.</param>
    /// <exception cref="GatewayException">There is none, and will be none in time.</exception>
    /// <returns>Null: all that there are have turned the request away.</returns>
    public async ValueTask<ReplicaClient?> EnterAsync(GatewayTarget target, IReadOnlyCollection<string> tried, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        if (Choose(target.View, tried) is { } at)
            return Enter(target, at);
        if (tried.Count > 0 && target.View.Ready.Any(r => tried.Contains(r.Id)))
            return null;
        if (!target.TryJoinLine(options.MaxWaiting))
            throw new GatewayException(StatusCodes.Status503ServiceUnavailable, $"{options.MaxWaiting} requests wait for the model '{target.Id}' already.") { RetryAfter = TimeSpan.FromSeconds(1) };
        target.Load.Wait();
        try
        {
            while (true)
            {
                var view = target.View;
                if (view.IsGone)
                    throw GatewayException.NoDeployment(target.Id);
                if (Choose(view, tried) is { } found)
                    return Enter(target, found);
                var left = deadline - time.GetUtcNow();
                // Without an image nothing can come in time.
                if (left <= TimeSpan.Zero || view.Deployment.Status is { State: DeploymentState.Failed, Revision: null })
                    throw new GatewayException(StatusCodes.Status503ServiceUnavailable, Explain(view)) { RetryAfter = TimeSpan.FromSeconds(5) };
                // Those that are left alone are tried again when their time is over, if nothing else happens.
                var alone = view.Ready.Where(r => !tried.Contains(r.Id)).Select(r => r.LeftAlone).DefaultIfEmpty(left).Min();
                await WaitAsync(view, alone < Soonest ? Soonest : alone < left ? alone : left, cancellationToken);
            }
        }
        finally
        {
            target.Load.EndWait();
            target.LeaveLine();
        }
    }

    public static void Leave(GatewayTarget target, ReplicaClient replica)
    {
        replica.Exit();
        target.Load.Exit(replica.Id);
    }

    private static ReplicaClient Enter(GatewayTarget target, ReplicaClient replica)
    {
        replica.Enter();
        target.Load.Enter(replica.Id);
        return replica;
    }

    private static ReplicaClient? Choose(TargetView view, IReadOnlyCollection<string> tried)
    {
        ReplicaClient? best = null;
        // Not always the first of those that have equally much to do.
        var start = view.Ready.Count > 1 ? Random.Shared.Next(view.Ready.Count) : 0;
        for (var i = 0; i < view.Ready.Count; i++)
        {
            var replica = view.Ready[(start + i) % view.Ready.Count];
            if ((best is null || replica.Requests < best.Requests) && (tried.Count == 0 || !tried.Contains(replica.Id)) && replica.LeftAlone == TimeSpan.Zero)
                best = replica;
        }
        return best;
    }

    private async Task WaitAsync(TargetView view, TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await view.Changed.Task.WaitAsync(most, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Looked at again, and told if it was the last time.
        }
    }

    private static string Explain(TargetView view)
    {
        var status = view.Deployment.Status;
        return $"The model '{view.Deployment.Id}' has no replica that takes requests: {status.Message ?? status.Reason ?? status.State?.ToString() ?? "it is being deployed"}";
    }
}

/// <summary>A request that the gateway answers itself.</summary>
/// <param name="status">The status of the answer.</param>
internal sealed class GatewayException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>When to come back; null: it is of no use.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static GatewayException NoDeployment(string id) =>
        new(StatusCodes.Status503ServiceUnavailable, $"The route leads to the deployment '{id}', which does not exist: create it, or change the route.");
}

using Microsoft.Extensions.Logging;

namespace Odin.Kubernetes.Api;

/// <summary>What a watch needs to know about patience.</summary>
internal sealed record WatchPolicy(KubernetesApiOptions Options, TimeProvider Time, ILogger Logger)
{
    /// <summary>Past the server's own end of the watch, for a slow last line.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    /// <summary>When the server shall end the watch. Not the same for all, so that they do not all come back at once.</summary>
    public int PickTimeoutSeconds() => (int)Math.Max(1, Options.WatchTimeout.TotalSeconds * (1 + Random.Shared.NextDouble()));

    public CancellationTokenSource Deadline(int timeoutSeconds) => new(TimeSpan.FromSeconds(timeoutSeconds) + Slack, Time);
}

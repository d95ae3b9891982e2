using System.Collections.Concurrent;

namespace Odin.Deployments;

/// <summary>The load of every deployment, between the gateway that causes it and the reconciler that follows it.</summary>
public sealed class DeploymentLoads(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DeploymentLoad> loads = new(StringComparer.Ordinal);

    /// <summary>Asks for a look at a deployment; set by who hosts the reconciler.</summary>
    internal Action<string> Wake { get; set; } = static _ => { };

    /// <summary>The load of a deployment, from now on if it is new. It is the same one for ever: the gateway may hold it longer than the deployment is there.</summary>
    public DeploymentLoad Of(string deployment) => loads.GetOrAdd(deployment, id => new DeploymentLoad(time, () => Wake(id)));
}

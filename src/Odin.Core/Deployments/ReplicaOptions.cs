namespace Odin.Deployments;

/// <summary>How deployments run on this machine.</summary>
public sealed record ReplicaOptions
{
    /// <summary>Where images are unpacked and sockets lie; made if it does not exist. Empty: <c>serving</c> in the data directory.</summary>
    public string Directory { get; init; } = "";

    /// <summary>How an image is run without a container engine. Default: with files of its own, where this machine allows it.</summary>
    public ReplicaIsolation Isolation { get; init; } = ReplicaIsolation.Auto;

    /// <summary>How long nobody must have asked before a deployment without a minimum of replicas goes to sleep. Default 60 s.</summary>
    public TimeSpan IdleAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a replica may take to become ready. Default 10 min.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a replica that gets no new requests may take to answer those that it has. Default 10 min.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Between the moment from which a replica gets no new requests and its end, for gateways that are late. Default 1 s.</summary>
    public TimeSpan DrainHold { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a replica that is ready is asked whether it still is. Default 5 s.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Deployments that are looked at at the same time. Default 8.</summary>
    public int Workers { get; init; } = 8;
}

/// <summary>How a replica is kept apart from the machine. It is no wall against hostile code: that takes a cluster or a virtual machine.</summary>
public enum ReplicaIsolation
{
    /// <summary><see cref="Namespaces"/> where this machine allows them, else <see cref="None"/>.</summary>
    Auto,

    /// <summary>The replica sees the files of its image alone, and cannot change them: user and mount namespaces of Linux.</summary>
    Namespaces,

    /// <summary>A process like any other. Works for images that were built on this machine or on one like it.</summary>
    None,
}

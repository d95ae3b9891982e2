using Odin.Server.Connections;

namespace Odin.Server.Lifecycle;

/// <summary>Settings of the inherited API; what may not be changed can still be read.</summary>
internal sealed record LifecycleOptions
{
    public bool Connections { get; init; } = true;

    /// <summary>Trainings and toolchains.</summary>
    public bool Trainings { get; init; } = true;

    /// <summary>Packagings and their integrations.</summary>
    public bool Packagings { get; init; } = true;

    /// <summary>Batch services and jobs.</summary>
    public bool Batch { get; init; } = true;

    /// <summary>Deployments and routes.</summary>
    public bool Deployments { get; init; } = true;

    /// <summary>The address under which clients reach models, without a slash at its end; null: that by which the API is reached.</summary>
    public string? EdgeUrl { get; init; }

    public HostKeyScanOptions HostKeys { get; init; } = new(HostKeyScan.Try, TimeSpan.FromSeconds(4));
}

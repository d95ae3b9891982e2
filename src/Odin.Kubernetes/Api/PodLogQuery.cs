namespace Odin.Kubernetes.Api;

/// <summary>Which part of which log.</summary>
public sealed record PodLogQuery
{
    public required string Namespace { get; init; }

    public required string Pod { get; init; }

    /// <summary>Needed when the pod has several.</summary>
    public string? Container { get; init; }

    /// <summary>Go on until the container ends.</summary>
    public bool Follow { get; init; }

    /// <summary>Of the container before the last restart.</summary>
    public bool Previous { get; init; }

    /// <summary>Each line begins with its time, RFC 3339 with nanoseconds, and a blank.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Only lines since then. The kubelet counts in whole seconds, so lines of the second itself may come again.</summary>
    public DateTimeOffset? SinceTime { get; init; }

    /// <summary>Only so many of the last lines.</summary>
    public int? TailLines { get; init; }
}

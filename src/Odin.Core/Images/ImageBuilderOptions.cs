namespace Odin.Images;

/// <summary>Where builders work.</summary>
public sealed record ImageBuilderOptions
{
    /// <summary>For files of builds that are under way; made when it is not there. What a crash leaves in it may be deleted.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>
    /// For compressed layers that many images share, on the file system of <see cref="WorkDirectory"/>; null: none are kept.
    /// </summary>
    public string? CacheDirectory { get; init; }

    /// <summary>In bytes; the default is 2 GiB.</summary>
    public long CacheLimit { get; init; } = 2L << 30;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

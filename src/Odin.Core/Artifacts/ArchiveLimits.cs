namespace Odin.Artifacts;

/// <summary>How much may come out of an archive: a few kilobytes of one can hold more than any disk.</summary>
public sealed record ArchiveLimits
{
    /// <summary>Of all files together. Default 100 GiB.</summary>
    public long MostBytes { get; init; } = 100L << 30;

    /// <summary>Files and directories. Default a million.</summary>
    public int MostEntries { get; init; } = 1_000_000;

    /// <summary>How many times the size of the archive its files may have, once they are over <see cref="FreeBytes"/>. Default 200.</summary>
    public int MostRatio { get; init; } = 200;

    /// <summary>Below this the ratio does not matter: models hold long rows of zeros. Default 1 GiB.</summary>
    public long FreeBytes { get; init; } = 1L << 30;

    /// <summary>How much may come out of an archive of that size.</summary>
    internal long BytesOf(long archive) => Math.Min(MostBytes, Math.Max(FreeBytes, archive > long.MaxValue / MostRatio ? long.MaxValue : archive * MostRatio));
}

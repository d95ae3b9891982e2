namespace Odin.Pipelines;

/// <summary>Limits of the <see cref="PipelineCatalog"/>.</summary>
public sealed class PipelineCatalogOptions
{
    /// <summary>Where the commits that runs use are laid out, one directory each. Default: <c>checkouts</c> beside the copy of the repository.</summary>
    public string? CheckoutDirectory { get; set; }

    /// <summary>The size of all files of one commit. Default 1 GiB.</summary>
    public long MaxCheckoutBytes { get; set; } = 1L << 30;

    /// <summary>The number of files of one commit. Default 200,000.</summary>
    public int MaxCheckoutFiles { get; set; } = 200_000;

    /// <summary>The size of a file that is uploaded or read through the catalog. Default 10 MiB.</summary>
    public long MaxFileBytes { get; set; } = 10L << 20;

    /// <summary>How much of a configuration file is shown with its job. Default 1 MiB.</summary>
    public int MaxShownBytes { get; set; } = 1 << 20;

    /// <summary>A checkout that was asked for so recently is not removed, though no run names it yet. Default 1 h.</summary>
    public TimeSpan CheckoutGrace { get; set; } = TimeSpan.FromHours(1);
}

namespace Odin.Images;

/// <summary>The names of the formats of images, and what they are good for.</summary>
public static class MediaTypes
{
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string Index = "application/vnd.oci.image.index.v1+json";
    public const string Configuration = "application/vnd.oci.image.config.v1+json";
    public const string GzipLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
    public const string Empty = "application/vnd.oci.empty.v1+json";
    public const string Spdx = "application/spdx+json";

    internal const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    internal const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";

    private const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
    private const string OciLayer = "application/vnd.oci.image.layer.v1.tar";

    internal static bool IsManifest(string type) => type is Manifest or DockerManifest;

    internal static bool IsIndex(string type) => type is Index or DockerIndex;

    internal static bool IsLayer(string type) => ToOciLayer(type) is not null;

    /// <summary>A layer that lies with its maker, by address, and not in the registry.</summary>
    internal static bool IsForeign(string type) =>
        type.StartsWith("application/vnd.oci.image.layer.nondistributable.", StringComparison.Ordinal) || type == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

    /// <summary>The same layer's type in an OCI manifest: the bytes are the same. Null: it is no layer that may be passed on.</summary>
    internal static string? ToOciLayer(string type) => type switch
    {
        OciLayer or GzipLayer or $"{OciLayer}+zstd" => type,
        DockerLayer => OciLayer,
        $"{DockerLayer}.gzip" => GzipLayer,
        $"{DockerLayer}.zstd" => $"{OciLayer}+zstd",
        _ => null,
    };
}

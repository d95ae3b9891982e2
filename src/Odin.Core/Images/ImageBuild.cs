namespace Odin.Images;

/// <summary>What image to make, and where to put it.</summary>
public sealed record ImageBuild
{
    public required IImageRepository Target { get; init; }

    public required string Tag { get; init; }

    public required BaseImage Base { get; init; }

    /// <summary>Above the base image, the lowest first. What changes least comes first, so that it need not be sent again.</summary>
    public IReadOnlyList<ImageLayer> Layers { get; init; } = [];

    /// <summary>
    /// Lines for a shell in the image, run above the layers (but <see cref="ImageLayer.IsAboveCommands"/>) in this order: they
    /// install an environment. Only
    /// <see cref="IImageBuilder.RunsCommands"/> builders take them.
    /// </summary>
    public IReadOnlyList<string> Commands { get; init; } = [];

    public ImageConfiguration Configuration { get; init; } = new();

    /// <summary>
    /// When the image was made, as it says of itself. The default makes two builds of the same parts the same to the byte.
    /// </summary>
    public DateTimeOffset Created { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>A bill of materials in SPDX 2.3 JSON, see <see cref="SpdxDocument"/>, that is attached to the image.</summary>
    public ReadOnlyMemory<byte>? Sbom { get; init; }
}

/// <param name="Name">For the history of the image and for messages: "model".</param>
public sealed record ImageLayer(string Name, IReadOnlyList<LayerEntry> Entries)
{
    /// <summary>
    /// Keep the compressed layer, so that the next image with the same files need not make it again: for what seldom changes.
    /// </summary>
    public bool IsShared { get; init; }

    /// <summary>
    /// Comes above what the commands make: for what they do not need and what changes more often, such as the model.
    /// </summary>
    public bool IsAboveCommands { get; init; }
}

/// <summary>An image that is stored and can be pulled.</summary>
/// <param name="Reference">By tag: <c>127.0.0.1:5000/models/wine:1.0</c>.</param>
/// <param name="Digest">Of its manifest.</param>
/// <param name="Size">Of all its layers as stored, in bytes.</param>
public sealed record BuiltImage(string Reference, string Digest, long Size)
{
    /// <summary>The manifest that attaches the bill of materials; null: there is none.</summary>
    public string? SbomDigest { get; init; }
}

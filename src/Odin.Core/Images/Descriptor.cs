namespace Odin.Images;

/// <summary>Points to content: the descriptor of the image specification.</summary>
/// <param name="Digest"><c>sha256:…</c>, of the bytes as stored.</param>
/// <param name="Size">In bytes.</param>
public sealed record Descriptor(string MediaType, string Digest, long Size)
{
    public string? ArtifactType { get; init; }

    /// <summary>Of a manifest in an index.</summary>
    public ImagePlatform? Platform { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

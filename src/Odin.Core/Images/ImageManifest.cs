using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Odin.Images;

/// <summary>The manifest of one image or artifact.</summary>
internal sealed record ImageManifest
{
    /// <summary>In bytes; nobody stores longer ones.</summary>
    public const int Longest = 4 << 20;

    public const int LongestConfiguration = 8 << 20;

    public int SchemaVersion { get; init; } = 2;

    public string? MediaType { get; init; }

    public string? ArtifactType { get; init; }

    public required Descriptor Config { get; init; }

    public required IReadOnlyList<Descriptor> Layers { get; init; }

    /// <summary>What this is attached to.</summary>
    public Descriptor? Subject { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <param name="name">Of the image, for the message.</param>
    /// <exception cref="ImageException">It is no manifest of an image.</exception>
    public static ImageManifest Parse(StoredManifest stored, string name)
    {
        if (!MediaTypes.IsManifest(stored.MediaType))
            throw new ImageException($"'{name}' is no image that is understood: its manifest is of the type '{stored.MediaType}'.", isPassing: false);
        return ManifestJson.Parse(stored.Content, ManifestJson.Default.ImageManifest, name);
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.ImageManifest);
}

/// <summary>Several manifests: one for each platform, or those attached to one.</summary>
internal sealed record ManifestIndex
{
    public int SchemaVersion { get; init; } = 2;

    public string? MediaType { get; init; }

    public string? ArtifactType { get; init; }

    public required IReadOnlyList<Descriptor> Manifests { get; init; }

    public Descriptor? Subject { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <inheritdoc cref="ImageManifest.Parse"/>
    public static ManifestIndex Parse(StoredManifest stored, string name) => ManifestJson.Parse(stored.Content, ManifestJson.Default.ManifestIndex, name);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.ManifestIndex);
}

/// <summary>What tells the kinds of manifests apart, and what they name.</summary>
internal sealed record ManifestHead
{
    public int? SchemaVersion { get; init; }

    public string? MediaType { get; init; }

    public string? ArtifactType { get; init; }

    public Descriptor? Config { get; init; }

    public IReadOnlyList<Descriptor>? Layers { get; init; }

    public IReadOnlyList<Descriptor>? Manifests { get; init; }

    public Descriptor? Subject { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>The file <c>oci-layout</c>.</summary>
internal sealed record LayoutMark(string ImageLayoutVersion);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ManifestIndex))]
[JsonSerializable(typeof(ManifestHead))]
[JsonSerializable(typeof(Descriptor))]
[JsonSerializable(typeof(LayoutMark))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    public static T Parse<T>(ReadOnlyMemory<byte> content, JsonTypeInfo<T> type, string name)
    {
        try
        {
            return JsonSerializer.Deserialize(content.Span, type) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new ImageException($"The manifest of '{name}' cannot be read: {e.Message}", isPassing: false, e);
        }
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Images;

/// <summary>The image that another is built upon: one platform's of one manifest, so that a tag that moves changes nothing.</summary>
public sealed record BaseImage
{
    private const string None = "scratch";

    private BaseImage(string name, ImagePlatform platform, JsonObject configuration)
    {
        Name = name;
        Platform = platform;
        Configuration = configuration;
    }

    /// <summary>As it was asked for: <c>registry/name:tag</c>; <c>scratch</c> for the empty one.</summary>
    public string Name { get; }

    /// <summary>Of its manifest for the platform; null: it is empty.</summary>
    public string? Digest { get; private init; }

    public ImagePlatform Platform { get; }

    /// <summary>Null: it is empty.</summary>
    internal IImageRepository? Repository { get; private init; }

    internal IReadOnlyList<Descriptor> Layers { get; private init; } = [];

    /// <summary>The image's configuration, with what we do not know in it.</summary>
    internal JsonObject Configuration { get; }

    /// <summary>No files at all.</summary>
    /// <param name="platform">Null: this machine's.</param>
    public static BaseImage Scratch(ImagePlatform? platform = null)
    {
        platform ??= ImagePlatform.Current;
        var configuration = new JsonObject { ["architecture"] = platform.Architecture, ["os"] = platform.OperatingSystem };
        if (platform.Variant is not null)
            configuration["variant"] = platform.Variant;
        return new BaseImage(None, platform, configuration);
    }

    /// <summary>Looks an image up, and in an index of several platforms the one that fits.</summary>
    /// <param name="repository">Is read during the build and belongs to the caller.</param>
    /// <param name="selector">A tag or a digest.</param>
    /// <param name="platform">Null: this machine's.</param>
    /// <exception cref="ImageException">There is none, none for the platform, or it is no image.</exception>
    public static async Task<BaseImage> FindAsync(
        IImageRepository repository, string selector, ImagePlatform? platform, CancellationToken cancellationToken)
    {
        platform ??= ImagePlatform.Current;
        var name = repository.Name + (selector.Contains(':') ? "@" : ":") + selector;
        var found = await repository.FindManifestAsync(selector, cancellationToken)
            ?? throw new ImageException($"There is no image '{name}'. Is the tag right?", isPassing: false);
        if (MediaTypes.IsIndex(found.MediaType))
            found = await ChooseAsync(repository, name, ManifestIndex.Parse(found, name), platform, cancellationToken);
        var manifest = ImageManifest.Parse(found, name);
        foreach (var layer in manifest.Layers)
        {
            if (!MediaTypes.IsLayer(layer.MediaType))
                throw new ImageException($"The image '{name}' has a layer of the type '{layer.MediaType}', which is not understood.", isPassing: false);
        }
        var configuration = await ReadConfigurationAsync(repository, name, manifest.Config, cancellationToken);
        var own = PlatformOf(configuration);
        return own is null || platform.Accepts(own)
            ? new BaseImage(name, own ?? platform, configuration) { Digest = found.Digest, Repository = repository, Layers = manifest.Layers }
            : throw new ImageException($"The image '{name}' is for {own}, not for {platform}.", isPassing: false);
    }

    private static async Task<StoredManifest> ChooseAsync(
        IImageRepository repository, string name, ManifestIndex index, ImagePlatform platform, CancellationToken cancellationToken)
    {
        // An index with one image that names no platform is what tools write for a directory.
        var images = index.Manifests.Where(m => MediaTypes.IsManifest(m.MediaType) && m.ArtifactType is null).ToList();
        var chosen = images.FirstOrDefault(m => platform.Accepts(m.Platform)) ?? (images is [{ Platform: null } only] ? only : null)
            ?? throw new ImageException(
                $"The image '{name}' is not for {platform}; it is for {string.Join(", ", images.Select(m => m.Platform?.ToString() ?? "an unknown platform"))}.", isPassing: false);
        return await repository.FindManifestAsync(chosen.Digest, cancellationToken)
            ?? throw new ImageException($"The manifest '{chosen.Digest}' of the image '{name}' is missing in its repository.", isPassing: false);
    }

    private static async Task<JsonObject> ReadConfigurationAsync(
        IImageRepository repository, string name, Descriptor config, CancellationToken cancellationToken)
    {
        if (config.Size is < 0 or > ImageManifest.LongestConfiguration)
            throw new ImageException($"The configuration of the image '{name}' is too long ({config.Size} bytes).", isPassing: false);
        await using var stream = await repository.OpenBlobAsync(config.Digest, cancellationToken);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        try
        {
            content.Position = 0;
            return JsonNode.Parse(content) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (JsonException e)
        {
            throw new ImageException($"The configuration of the image '{name}' cannot be read: {e.Message}", isPassing: false, e);
        }
    }

    private static ImagePlatform? PlatformOf(JsonObject configuration)
    {
        return Text("os") is { } system && Text("architecture") is { } architecture ? new ImagePlatform(system, architecture, Text("variant")) : null;

        string? Text(string name) => configuration[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
    }
}

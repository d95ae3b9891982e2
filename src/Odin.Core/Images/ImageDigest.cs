namespace Odin.Images;

/// <summary>Names of content: <c>sha256:</c> and 64 hexadecimal digits.</summary>
public static class ImageDigest
{
    public static bool IsValid(string text) => ContentDigest.IsValid(text);

    /// <summary>The digest of what a manifest is attached to; null: to nothing.</summary>
    public static string? SubjectOf(StoredManifest manifest) => ManifestJson.Parse(manifest.Content, ManifestJson.Default.ManifestHead, manifest.Digest).Subject?.Digest;
}

namespace Odin.Connections;

/// <summary>Where in which bucket a connection leads.</summary>
/// <param name="Endpoint">Of another server than the type's own; null: that one.</param>
/// <param name="Bucket">Bucket, container, or the directory of a local connection.</param>
/// <param name="Path">From the root of the bucket, without slashes around it; empty: the root.</param>
public sealed record StorageLocation(string? Endpoint, string Bucket, string Path)
{
    /// <summary>
    /// Reads the address of a connection: <c>s3://bucket/path</c> or <c>https://host[:port]/bucket/path</c>,
    /// <c>gs://bucket/path</c>, <c>…/container/path</c> for Azure, <c>file:///path</c> or an absolute path for a local one.
    /// </summary>
    /// <returns>Null and what is wrong, as a sentence.</returns>
    public static (StorageLocation? Location, string? Error) Parse(string type, string uri) => type switch
    {
        ConnectionTypes.Local => ParseLocal(uri),
        ConnectionTypes.S3 => ParseBucket(uri, "s3", takesEndpoint: true),
        ConnectionTypes.Gcs => ParseBucket(uri, "gs", takesEndpoint: true),
        ConnectionTypes.AzureBlob => ParseContainer(uri),
        _ => (null, $"a connection of type {type} holds no files; use one of: {string.Join(", ", ConnectionTypes.Storage)}"),
    };

    /// <summary>The key of a path below this one.</summary>
    public string KeyOf(string name) => Path.Length == 0 ? name : $"{Path}/{name}";

    private static (StorageLocation?, string?) ParseLocal(string uri)
    {
        var path = uri.StartsWith("file://", StringComparison.Ordinal) ? Uri.UnescapeDataString(uri["file://".Length..]) : uri;
        return System.IO.Path.IsPathFullyQualified(path) && !path.Any(char.IsControl)
            ? (new StorageLocation(null, System.IO.Path.GetFullPath(path), ""), null)
            : (null, $"'{uri}' is not an absolute path: write /path or file:///path");
    }

    private static (StorageLocation?, string?) ParseBucket(string uri, string scheme, bool takesEndpoint)
    {
        var wrong = $"'{uri}' is not an address of a bucket: write {scheme}://bucket/path" + (takesEndpoint ? ", or https://host/bucket/path for another server" : "");
        if (!Uri.TryCreate(uri.Contains("://", StringComparison.Ordinal) ? uri : $"{scheme}://{uri}", UriKind.Absolute, out var url) || url.Query.Length > 0 || url.Fragment.Length > 0 || url.UserInfo.Length > 0)
            return (null, wrong);
        var path = Uri.UnescapeDataString(url.AbsolutePath).Trim('/');
        if (url.Scheme == scheme)
            return url.Host.Length > 0 ? (new StorageLocation(null, url.Host, path), null) : (null, wrong);
        if (!takesEndpoint || url.Scheme is not ("http" or "https"))
            return (null, wrong);
        var parts = path.Split('/', 2);
        return parts[0].Length > 0
            ? (new StorageLocation($"{url.Scheme}://{url.Authority}", parts[0], parts.Length > 1 ? parts[1] : ""), null)
            : (null, wrong);
    }

    private static (StorageLocation?, string?) ParseContainer(string uri)
    {
        var rest = uri.Contains("://", StringComparison.Ordinal) ? uri[(uri.IndexOf("://", StringComparison.Ordinal) + 3)..] : uri;
        var parts = rest.Trim('/').Split('/', 3);
        // With a host in front the container comes second.
        return parts.Length > 1 && parts[1].Length > 0
            ? (new StorageLocation(null, parts[1], parts.Length > 2 ? parts[2] : ""), null)
            : (null, $"'{uri}' is not an address of a container: write https://ACCOUNT.blob.core.windows.net/container/path");
    }
}

namespace Odin.ObjectStorage;

/// <summary>A bucket of Amazon S3, or of a server that speaks its protocol.</summary>
public sealed record S3StorageOptions
{
    public required string Bucket { get; init; }

    /// <summary>Such as <c>eu-central-1</c>; empty: <c>us-east-1</c>.</summary>
    public string Region { get; init; } = "";

    /// <summary>Empty: no credentials, for public buckets.</summary>
    public string KeyId { get; init; } = "";

    public string KeySecret { get; init; } = "";

    /// <summary>Of another server than Amazon's, such as <c>http://127.0.0.1:9000</c>; the bucket's name is put into the path.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{nameof(S3StorageOptions)} {{ Bucket = {Bucket}, Region = {Region}, Endpoint = {Endpoint} }}";
}

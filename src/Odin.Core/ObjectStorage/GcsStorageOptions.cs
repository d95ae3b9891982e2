namespace Odin.ObjectStorage;

/// <summary>A bucket of Google Cloud Storage, as a service account.</summary>
public sealed record GcsStorageOptions
{
    public required string Bucket { get; init; }

    /// <summary>The key of a service account, the JSON file that Google makes, as text. Tokens are got at its <c>token_uri</c>.</summary>
    public required string ServiceAccountJson { get; init; }

    /// <summary>Of another server with the same JSON interface; null: Google's.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{nameof(GcsStorageOptions)} {{ Bucket = {Bucket}, Endpoint = {Endpoint} }}";
}

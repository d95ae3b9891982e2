namespace Odin.ObjectStorage;

/// <summary>A container of Azure Blob Storage, by a shared access signature.</summary>
public sealed record AzureBlobStorageOptions
{
    /// <summary>
    /// The address of the account or of the container with the signature as its query:
    /// <c>https://ACCOUNT.blob.core.windows.net/?sv=…&amp;sig=…</c>. It needs the rights to read, list, create, write and delete.
    /// </summary>
    public required string SasUrl { get; init; }

    public required string Container { get; init; }

    /// <summary>Without the signature.</summary>
    public override string ToString() => $"{nameof(AzureBlobStorageOptions)} {{ Container = {Container} }}";
}

using Odin.ObjectStorage;

namespace Odin.Connections;

/// <summary>The storage of a connection, opened.</summary>
public sealed class OpenedStorage(IObjectStorage storage, StorageLocation location) : IDisposable
{
    public IObjectStorage Storage { get; } = storage;

    public StorageLocation Location { get; } = location;

    public void Dispose() => Storage.Dispose();
}

/// <summary>Opens the storage that a connection leads to, with its secrets.</summary>
public sealed class StorageOpener(ConnectionCatalog connections, LocalDirectories directories)
{
    /// <exception cref="ObjectStorageException">There is no such connection, it leads to no storage, or may not lead there.</exception>
    /// <exception cref="SecretsUnavailableException">Its secrets cannot be read.</exception>
    public async Task<OpenedStorage> OpenAsync(string id, CancellationToken cancellationToken)
    {
        var connection = await connections.FindAsync(id, cancellationToken)
            ?? throw new ObjectStorageException($"The connection '{id}' does not exist any more: create it again, or name another one.", isPassing: false);
        if (directories.Refuse(connection.Spec) is { } refusal)
            throw new ObjectStorageException($"The connection '{id}' {refusal}.", isPassing: false);
        return Open(connection, await connections.RevealAsync(connection, cancellationToken));
    }

    /// <summary>Opens the storage of a connection whose secrets are known.</summary>
    /// <exception cref="ObjectStorageException">It leads to no storage.</exception>
    public static OpenedStorage Open(Connection connection, ConnectionSecrets secrets)
    {
        var (location, error) = StorageLocation.Parse(connection.Spec.Type, connection.Spec.Uri);
        if (location is null)
            throw new ObjectStorageException($"The connection '{connection.Id}': {error}.", isPassing: false);
        // The address of a local connection may be that of a file: then its directory is the bucket.
        if (connection.Spec.Type == ConnectionTypes.Local && File.Exists(location.Bucket))
            location = new StorageLocation(null, Path.GetDirectoryName(location.Bucket)!, Path.GetFileName(location.Bucket));
        return new OpenedStorage(Open(connection, location, secrets), location);
    }

    private static IObjectStorage Open(Connection connection, StorageLocation location, ConnectionSecrets secrets) => connection.Spec.Type switch
    {
        ConnectionTypes.Local => new DirectoryObjectStorage(location.Bucket),
        ConnectionTypes.S3 => new S3ObjectStorage(new S3StorageOptions
        {
            Bucket = location.Bucket,
            Region = connection.Spec.Region ?? "",
            KeyId = secrets.KeyIdText,
            KeySecret = secrets.KeySecretText,
            Endpoint = location.Endpoint,
        }),
        ConnectionTypes.AzureBlob => new AzureBlobObjectStorage(new AzureBlobStorageOptions { SasUrl = secrets.KeySecretText, Container = location.Bucket }),
        ConnectionTypes.Gcs => new GcsObjectStorage(new GcsStorageOptions { Bucket = location.Bucket, ServiceAccountJson = secrets.KeySecretText, Endpoint = location.Endpoint }),
        _ => throw new ObjectStorageException($"Connections of type {connection.Spec.Type} hold no files: use one of {string.Join(", ", ConnectionTypes.Storage)}.", isPassing: false),
    };
}

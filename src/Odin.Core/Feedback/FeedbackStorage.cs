using Odin.Connections;
using Odin.Files;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>Opens the storage that takes the records.</summary>
/// <param name="directory">Takes them where no connection is named; made when it is missing.</param>
internal sealed class FeedbackStorage(FeedbackOptions options, string directory, StorageOpener connections)
{
    /// <summary>The storage as it is now: whoever changes the connection need not start the server again.</summary>
    /// <exception cref="ObjectStorageException">It cannot be opened.</exception>
    /// <exception cref="SecretsUnavailableException">Its secrets cannot be read.</exception>
    public async Task<OpenedStorage> OpenAsync(CancellationToken cancellationToken)
    {
        if (options.Connection is { } connection)
            return await connections.OpenAsync(connection, cancellationToken);
        try
        {
            OwnerOnly.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectStorageException($"The directory '{directory}' cannot be made: {e.Message}", isPassing: true, e);
        }
        return new OpenedStorage(new DirectoryObjectStorage(directory), new StorageLocation(null, directory, ""));
    }

    /// <summary>The key of what <see cref="RecordKey"/> names.</summary>
    public string KeyOf(StorageLocation location, string name) => location.KeyOf(options.Prefix.Length == 0 ? name : $"{options.Prefix}/{name}");
}

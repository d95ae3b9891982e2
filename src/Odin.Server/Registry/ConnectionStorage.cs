using System.Runtime.CompilerServices;
using Odin.Connections;
using Odin.ObjectStorage;

namespace Odin.Server.Registry;

/// <summary>The storage of a connection, opened when it is first needed, with its path before all keys.</summary>
internal sealed class ConnectionStorage(StorageOpener opener, string connection) : IObjectStorage
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private OpenedStorage? opened;

    public string Description => opened?.Storage.Description ?? $"the storage of the connection '{connection}'";

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = await OpenAsync(cancellationToken);
        var cut = open.Location.KeyOf("").Length;
        await foreach (var item in open.Storage.ListAsync(open.Location.KeyOf(prefix), cancellationToken))
            yield return item with { Key = item.Key[cut..] };
    }

    public async Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(cancellationToken);
        return await open.Storage.FindAsync(open.Location.KeyOf(key), cancellationToken) is { } found ? found with { Key = key } : null;
    }

    public async Task<Stream> OpenAsync(string key, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(cancellationToken);
        return await open.Storage.OpenAsync(open.Location.KeyOf(key), cancellationToken);
    }

    public async Task<StoredObject> SaveAsync(string key, Stream content, SaveMode mode, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(cancellationToken);
        return await open.Storage.SaveAsync(open.Location.KeyOf(key), content, mode, cancellationToken) with { Key = key };
    }

    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var open = await OpenAsync(cancellationToken);
        await open.Storage.DeleteAsync(open.Location.KeyOf(key), cancellationToken);
    }

    public async Task CheckAsync(CancellationToken cancellationToken) => await (await OpenAsync(cancellationToken)).Storage.CheckAsync(cancellationToken);

    public void Dispose()
    {
        opened?.Dispose();
        gate.Dispose();
    }

    private async Task<OpenedStorage> OpenAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            return opened ??= await opener.OpenAsync(connection, cancellationToken);
        }
        catch (SecretsUnavailableException e)
        {
            throw new ObjectStorageException(e.Message, isPassing: true, e);
        }
        finally
        {
            gate.Release();
        }
    }
}

using System.Buffers;
using System.Security.Cryptography;
using Odin.Connections;
using Odin.Files;
using Odin.ObjectStorage;
using Odin.Storage;

namespace Odin.Artifacts;

/// <summary>The artifacts: what is known of them in the store, and their files in the connections that hold them.</summary>
public sealed class ArtifactCatalog(IResourceStore store, StorageOpener opener, TimeProvider time)
{
    private const int BufferBytes = 256 << 10;

    /// <summary>Null: there is none of that name, or its training has not finished it.</summary>
    public async Task<ModelArtifact?> FindAsync(string name, CancellationToken cancellationToken) =>
        await store.FindAsync<ModelArtifact>(name, cancellationToken) is { Spec.Digest: not null } artifact ? artifact : null;

    /// <summary>The file, from its beginning. What is opened is closed with the stream.</summary>
    /// <exception cref="ObjectStorageException">It is gone, or the storage cannot be asked.</exception>
    /// <exception cref="SecretsUnavailableException">Those of its connection cannot be read.</exception>
    public async Task<Stream> OpenAsync(ModelArtifact artifact, CancellationToken cancellationToken)
    {
        var opened = await opener.OpenAsync(artifact.Spec.Connection, cancellationToken);
        try
        {
            return new OwningStream(await opened.Storage.OpenAsync(artifact.Spec.Key, cancellationToken), opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Copies the file of an artifact onto this machine, and checks it against what is known of it.</summary>
    /// <param name="name">Of the artifact. Files that no training of ours has made are taken as they are.</param>
    /// <param name="connection">The id of the connection that holds it.</param>
    /// <param name="path">Of the copy; there is no such file yet.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Its length and SHA-256, and the record if there is one.</returns>
    /// <exception cref="ObjectStorageException">It is not there, or the storage cannot be asked.</exception>
    /// <exception cref="InvalidDataException">It is another file than was saved.</exception>
    public async Task<(WrittenArchive Archive, ModelArtifact? Artifact)> FetchAsync(string name, string connection, string path, CancellationToken cancellationToken)
    {
        using var opened = await opener.OpenAsync(connection, cancellationToken);
        return await FetchAsync(opened, connection, opened.Location.KeyOf(name), path, cancellationToken);
    }

    /// <summary>The same for a file by its key.</summary>
    /// <param name="opened">The storage of the connection.</param>
    /// <inheritdoc cref="FetchAsync(string, string, string, CancellationToken)"/>
    public async Task<(WrittenArchive Archive, ModelArtifact? Artifact)> FetchAsync(OpenedStorage opened, string connection, string key, string path, CancellationToken cancellationToken)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        var record = await FindAsync(name, cancellationToken) is { } known && known.Spec.Connection == connection && known.Spec.Key == key ? known : null;
        await using var from = await opened.Storage.OpenAsync(key, cancellationToken);
        await using var to = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        var copied = await CopyAsync(from, to, cancellationToken);
        if (record is not null && record.Spec.Digest != copied.Digest)
        {
            throw new InvalidDataException(
                $"the file '{key}' in {opened.Storage.Description} is not the one that the training '{record.Spec.Training}' saved: its SHA-256 is {copied.Digest}, and it was {record.Spec.Digest}");
        }
        return (copied, record);
    }

    /// <summary>Deletes the file, then what is known of it. Not there: success.</summary>
    /// <exception cref="ObjectStorageException">The storage cannot be asked; nothing was deleted.</exception>
    public async Task DeleteAsync(ModelArtifact artifact, CancellationToken cancellationToken)
    {
        using var opened = await opener.OpenAsync(artifact.Spec.Connection, cancellationToken);
        await opened.Storage.DeleteAsync(artifact.Spec.Key, cancellationToken);
        await store.DeleteAsync<ModelArtifact>(artifact.Name, time, cancellationToken);
    }

    private static async Task<WrittenArchive> CopyAsync(Stream from, FileStream to, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (buffer, total) = (ArrayPool<byte>.Shared.Rent(BufferBytes), 0L);
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                total += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return new WrittenArchive(total, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Reads, and closes what the content comes from.</summary>
    private sealed class OwningStream(Stream inner, IDisposable owner) : ReadOnlyStream
    {
        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                owner.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}

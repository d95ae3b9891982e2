using System.Runtime.CompilerServices;
using Odin.ObjectStorage;

namespace Odin.Images;

/// <summary>
/// A registry over object storage. Blobs are shared by all repositories; whoever may read one may read all.
/// <list type="bullet">
/// <item><c>blobs/sha256/ab/HEX</c>: content</item>
/// <item><c>wanted/sha256/HEX</c>: when somebody last asked for an old blob, so that no other server collects it</item>
/// <item><c>repositories/NAME/_manifests/sha256/HEX</c>: a manifest, as it was put</item>
/// <item><c>repositories/NAME/_tags/TAG</c>: the digest it stands for</item>
/// <item><c>repositories/NAME/_referrers/sha256/HEX/sha256/HEX</c>: the descriptor of what is attached to the first</item>
/// </list>
/// </summary>
/// <param name="storage">Belongs to the caller.</param>
/// <param name="name">How its images' names begin, when that is known: <c>127.0.0.1:9003</c>.</param>
/// <param name="login">Looks at a name and a password; null: nobody's are good.</param>
public sealed class StoredRegistry(
    IObjectStorage storage, Func<string> name, TimeProvider time, Func<RegistryCredentials, CancellationToken, Task<bool>>? login = null) : IOwnRegistry, IDisposable
{
    private const string Repositories = "repositories/", Blobs = "blobs/", Wanted = "wanted/", Manifests = "/_manifests/";

    /// <summary>How long a blob that no image names is kept for one that is about to.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(1);

    // What is younger need not be noted: it is kept for longer than that anyway.
    private static readonly TimeSpan NotedFor = Grace / 2;

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Dictionary<string, DateTimeOffset> noted = [];
    private long manifests;

    public string Name => name();

    internal IObjectStorage Storage => storage;

    public Task<bool> KnowsAsync(RegistryCredentials credentials, CancellationToken cancellationToken) => login?.Invoke(credentials, cancellationToken) ?? Task.FromResult(false);

    IImageRepository IOwnRegistry.Open(string repository) => Open(repository);

    /// <exception cref="ImageException">The repository cannot be called that.</exception>
    public StoredRepository Open(string repository) => ImageReference.IsRepository(repository)
        ? new StoredRepository(this, repository)
        : throw new ImageException($"'{repository}' is no name of a repository: use lower-case letters, digits and '.', '_', '-' between them, with '/' between parts.", isPassing: false);

    /// <summary>The names of all repositories with a manifest, in order.</summary>
    public async IAsyncEnumerable<string> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var key in KeysAsync(Repositories, cancellationToken))
        {
            if (RepositoryOf(key) is { } repository)
                names.Add(repository);
        }
        foreach (var repository in names)
            yield return repository;
    }

    /// <summary>Deletes blobs that no manifest names and that nobody has asked for within <see cref="Grace"/>.</summary>
    /// <returns>How many, and their bytes.</returns>
    public async Task<(int Count, long Bytes)> CollectAsync(CancellationToken cancellationToken)
    {
        var named = await NamedAsync(cancellationToken);
        var (count, bytes) = (0, 0L);
        await AloneAsync(ForgetOldNotesAsync, cancellationToken);
        await foreach (var blob in GuardedAsync(storage.ListAsync(Blobs, cancellationToken)))
        {
            if (DigestOf(blob.Key) is not { } digest || named.Contains(digest) || time.GetUtcNow() - blob.Modified < Grace)
                continue;
            if (await TryDeleteBlobAsync(digest, cancellationToken))
                (count, bytes) = (count + 1, bytes + blob.Length);
        }
        return (count, bytes);
    }

    /// <summary>False: an image needs it.</summary>
    public async Task<bool> DeleteBlobAsync(string digest, CancellationToken cancellationToken)
    {
        // All manifests are read for it, which takes its time: pushes go on meanwhile, and only after one it is read again.
        var before = Volatile.Read(ref manifests);
        var isNamed = (await NamedAsync(cancellationToken)).Contains(digest);
        return !isNamed && await AloneAsync(
            async () =>
            {
                if (manifests != before && (await NamedAsync(cancellationToken)).Contains(digest))
                    return false;
                await DeleteBlobAndNoteAsync(digest, cancellationToken);
                return true;
            },
            cancellationToken);
    }

    public void Dispose() => gate.Dispose();

    internal static string BlobKey(string digest)
    {
        var hex = ContentDigest.Hex(digest);
        return $"{Blobs}{digest[..digest.IndexOf(':')]}/{hex[..2]}/{hex}";
    }

    internal Task<StoredObject?> FindBlobAsync(string digest, CancellationToken cancellationToken) =>
        CallAsync(() => storage.FindAsync(BlobKey(digest), cancellationToken));

    /// <summary>Notes that somebody counts on a blob, so that it is not collected, here or by another server, before they have named it.</summary>
    internal async Task WantAsync(string digest, StoredObject blob, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - blob.Modified < NotedFor)
            return;
        await AloneAsync(
            async () =>
            {
                if (noted.TryGetValue(digest, out var since) && time.GetUtcNow() - since < NotedFor)
                    return false;
                await CallAsync(() => storage.SaveAsync(WantedKey(digest), Stream.Null, SaveMode.Overwrite, cancellationToken));
                noted[digest] = time.GetUtcNow();
                return true;
            },
            cancellationToken);
    }

    /// <summary>Makes a manifest visible while this process deletes no blob.</summary>
    internal Task<bool> NameAsync(Func<Task<bool>> save, CancellationToken cancellationToken) => AloneAsync(
        () =>
        {
            manifests++;
            return save();
        },
        cancellationToken);

    private async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>What goes wrong in the storage, in the words of images.</summary>
    internal static async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ObjectStorageException e) when (e is not ObjectNotFoundException and not ObjectAlreadyExistsException)
        {
            throw new ImageException(e.Message, e.IsPassing, e);
        }
    }

    internal static Task CallAsync(Func<Task> call) => CallAsync(async () =>
    {
        await call();
        return true;
    });

    internal async IAsyncEnumerable<string> KeysAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var item in GuardedAsync(storage.ListAsync(prefix, cancellationToken)))
            yield return item.Key;
    }

    /// <summary>Null: there is none.</summary>
    internal async Task<byte[]?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await CallAsync(async () =>
            {
                await using var stream = await storage.OpenAsync(key, cancellationToken);
                using var content = new MemoryStream();
                await stream.CopyToAsync(content, cancellationToken);
                return content.ToArray();
            });
        }
        catch (ObjectNotFoundException)
        {
            return null;
        }
    }

    private static async IAsyncEnumerable<StoredObject> GuardedAsync(IAsyncEnumerable<StoredObject> items)
    {
        await using var item = items.GetAsyncEnumerator();
        while (await CallAsync(async () => await item.MoveNextAsync()))
            yield return item.Current;
    }

    private static string? RepositoryOf(string key)
    {
        var end = key.IndexOf(Manifests, StringComparison.Ordinal);
        return end < 0 ? null : key[Repositories.Length..end];
    }

    private static string? DigestOf(string key)
    {
        var parts = key.Split('/');
        return parts is [_, var algorithm, _, var hex] && ContentDigest.IsValid($"{algorithm}:{hex}") ? $"{algorithm}:{hex}" : null;
    }

    private async Task<HashSet<string>> NamedAsync(CancellationToken cancellationToken)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var key in KeysAsync(Repositories, cancellationToken))
        {
            if (RepositoryOf(key) is null || await ReadAsync(key, cancellationToken) is not { } content)
                continue;
            var head = ManifestJson.Parse(content, ManifestJson.Default.ManifestHead, key);
            foreach (var descriptor in (head.Layers ?? []).Append(head.Config))
            {
                if (descriptor is not null)
                    named.Add(descriptor.Digest);
            }
        }
        return named;
    }

    private static string WantedKey(string digest) => $"{Wanted}{digest[..digest.IndexOf(':')]}/{ContentDigest.Hex(digest)}";

    private Task<bool> TryDeleteBlobAsync(string digest, CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            var note = await CallAsync(() => storage.FindAsync(WantedKey(digest), cancellationToken));
            if (note is not null && time.GetUtcNow() - note.Modified < Grace)
                return false;
            await DeleteBlobAndNoteAsync(digest, cancellationToken);
            return true;
        },
        cancellationToken);

    private Task<bool> ForgetOldNotesAsync()
    {
        foreach (var old in noted.Where(n => time.GetUtcNow() - n.Value >= Grace).Select(n => n.Key).ToList())
            noted.Remove(old);
        return Task.FromResult(true);
    }

    private async Task DeleteBlobAndNoteAsync(string digest, CancellationToken cancellationToken)
    {
        await CallAsync(() => storage.DeleteAsync(BlobKey(digest), cancellationToken));
        noted.Remove(digest);
        await CallAsync(() => storage.DeleteAsync(WantedKey(digest), cancellationToken));
    }
}

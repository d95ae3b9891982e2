namespace Odin.ObjectStorage;

/// <summary>
/// Files by key in one bucket, container or directory. What a key is says <see cref="ObjectKey"/>. All methods throw
/// <see cref="ObjectStorageException"/> when the storage could not be asked or refused. Safe for use by many at once.
/// </summary>
public interface IObjectStorage : IDisposable
{
    /// <summary>Names the storage in messages: <c>s3://bucket at http://127.0.0.1:9000</c>; never a secret.</summary>
    string Description { get; }

    /// <summary>
    /// All objects whose key begins with the prefix, in the order of the keys' UTF-8 bytes; "" gives all. End the prefix
    /// with '/' for what lies in a folder. Entries whose name is no key, such as the markers that consoles make for folders,
    /// are left out. What is saved or deleted meanwhile may or may not be seen.
    /// </summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Null: there is no such object.</summary>
    Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Reads an object from its beginning; the stream belongs to the caller and cannot seek. When the connection breaks,
    /// reading goes on where it stopped, a bounded number of times, if it is still the same object. Reading may throw
    /// <see cref="ObjectStorageException"/>.
    /// </summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    Task<Stream> OpenAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Saves what the stream gives, up to its end; its length need not be known and it is never held in memory as a whole.
    /// Readers see the old object or the new one, and nothing of it when this fails, is cancelled or crashes.
    /// </summary>
    /// <exception cref="ObjectAlreadyExistsException">
    /// The mode is <see cref="SaveMode.CreateOnly"/> and there is an object of that key. It is left alone.
    /// </exception>
    Task<StoredObject> SaveAsync(string key, Stream content, SaveMode mode, CancellationToken cancellationToken);

    /// <summary>Deletes an object; an unknown one is a success.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Tries whether the storage can be reached with these credentials, and whether the bucket exists.</summary>
    /// <exception cref="ObjectStorageException">It cannot; the message says what is wrong and what to do.</exception>
    Task CheckAsync(CancellationToken cancellationToken);
}

/// <param name="Key">See <see cref="ObjectKey"/>.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Modified">When it was saved, by the storage's clock.</param>
/// <param name="ETag">Opaque, without quotes; another one means other content. Null: the storage gives none.</param>
public sealed record StoredObject(string Key, long Length, DateTimeOffset Modified, string? ETag);

/// <summary>What saving does about an object that is there already.</summary>
public enum SaveMode
{
    /// <summary>It is replaced.</summary>
    Overwrite,

    /// <summary>
    /// It is kept and saving is refused. The storage decides, so that of two at once only one wins. Only S3 servers that
    /// do not know conditional writes are asked before the write instead: there, the later of two that begin together wins.
    /// </summary>
    CreateOnly,
}

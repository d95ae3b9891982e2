using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Odin.ObjectStorage;

/// <summary>
/// Objects as files below a directory of this machine, or of a mounted share, by the names of their keys. The directory must
/// exist: one that is missing is a disk that is not mounted. Links below it are no objects and are not followed. A new file
/// is written beside its place, under a name that begins with ".odin-save-", and moved there when it is on the disk.
/// </summary>
/// <param name="root">May be or lead through a link.</param>
public sealed class DirectoryObjectStorage(string root) : IObjectStorage
{
    private const string TemporaryPrefix = ".odin-save-";
    private const int MaxNameBytes = 255;
    private const int BufferSize = 128 * 1024;

    // What a crash has left behind; a file that is being written has a younger date.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(2);

    private readonly string root = Path.GetFullPath(root);

    /// <summary>Decides what is a leftover.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    public string Description => $"the directory '{root}'";

    /// <inheritdoc/>
    /// <remarks>Removes what saves that were cut off by a crash have left, after two days.</remarks>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.CheckPrefix(prefix);
        var cut = prefix.LastIndexOf('/') + 1;
        var pending = new Stack<Entry>();
        Push(prefix[..cut], prefix[cut..]);
        while (pending.TryPop(out var entry))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entry.Facts.IsFolder)
                Push(entry.Key, "");
            else
                yield return ToObject(entry.Key, entry.Facts);
        }
        await Task.CompletedTask;

        void Push(string folder, string start)
        {
            foreach (var entry in Guarded(folder, () => ReadFolder(folder, start)))
                pending.Push(entry);
        }
    }

    /// <inheritdoc/>
    public Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        Check(key);
        return Task.FromResult(Guarded(key, () =>
        {
            using var folder = TryOpenFolder(FolderOf(key));
            return folder is not null && FileCalls.Find(folder, NameOf(key)) is { IsFile: true } facts ? ToObject(key, facts) : null;
        }));
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(string key, CancellationToken cancellationToken)
    {
        Check(key);
        return Task.FromResult(Guarded<Stream>(key, () =>
        {
            using var folder = TryOpenFolder(FolderOf(key));
            if (folder is null || FileCalls.Find(folder, NameOf(key)) is not { IsFile: true })
                throw new ObjectNotFoundException(key, Description);
            var file = OpenFile(folder, key);
            // Something else may have come to its place since.
            if (FileCalls.Describe(file).IsFile)
                return new FileStream(file, FileAccess.Read, bufferSize: 0);
            file.Dispose();
            throw new ObjectNotFoundException(key, Description);
        }));
    }

    /// <inheritdoc/>
    public async Task<StoredObject> SaveAsync(string key, Stream content, SaveMode mode, CancellationToken cancellationToken)
    {
        Check(key);
        var name = NameOf(key);
        var temporary = $"{TemporaryPrefix}{Guid.NewGuid():N}";
        var (folder, file) = Guarded(key, () => CreateFile(FolderOf(key), temporary));
        using (folder)
        using (file)
        {
            try
            {
                Guarded(key, () => CheckPlace(folder, key, mode));
                await CopyAsync(key, content, file, cancellationToken);
                return Guarded(key, () =>
                {
                    FileCalls.Flush(file);
                    var facts = FileCalls.Describe(file);
                    if (mode == SaveMode.Overwrite)
                        FileCalls.Rename(folder, temporary, name);
                    else if (!FileCalls.TryRename(folder, temporary, name))
                        throw new ObjectAlreadyExistsException(key, Description);
                    FileCalls.Flush(folder);
                    return ToObject(key, facts);
                });
            }
            catch
            {
                FileCalls.Remove(folder, temporary);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Folders that are empty afterwards go as well.</remarks>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Check(key);
        Guarded(key, () =>
        {
            using (var folder = TryOpenFolder(FolderOf(key)))
            {
                if (folder is null || FileCalls.Find(folder, NameOf(key)) is not { IsFile: true })
                    return true;
                FileCalls.Remove(folder, NameOf(key));
                FileCalls.Flush(folder);
            }
            for (var path = FolderOf(key); path.Length > 0; path = FolderOf(path[..^1]))
            {
                using var parent = TryOpenFolder(FolderOf(path[..^1]));
                if (parent is null || !FileCalls.TryRemoveFolder(parent, NameOf(path[..^1])))
                    break;
            }
            return true;
        });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task CheckAsync(CancellationToken cancellationToken)
    {
        Guarded("", () =>
        {
            using var folder = OpenRoot();
            return NamesIn(folder).FirstOrDefault();
        });
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        // Nothing is held between calls.
    }

    private static string FolderOf(string key) => key[..(key.LastIndexOf('/') + 1)];

    private static string NameOf(string key) => key[(key.LastIndexOf('/') + 1)..];

    private static StoredObject ToObject(string key, FileFacts facts) => new(key, facts.Length, facts.Modified, facts.Version);

    private void Check(string key)
    {
        ObjectKey.Check(key);
        foreach (var part in key.Split('/'))
        {
            if (Encoding.UTF8.GetByteCount(part) > MaxNameBytes)
                throw new ObjectStorageException($"The key '{key}' has a part that is longer than {MaxNameBytes} bytes, which no file's name can be in {Description}.", isPassing: false);
            if (part.StartsWith(TemporaryPrefix, StringComparison.Ordinal))
                throw new ObjectStorageException($"The key '{key}' has a part that begins with '{TemporaryPrefix}', which is kept for files that are being written in {Description}.", isPassing: false);
        }
    }

    private SafeFileHandle OpenRoot()
    {
        try
        {
            return FileCalls.OpenFolder(root);
        }
        catch (IOException e) when (e.HResult is FileCalls.NoSuchFile or FileCalls.NotADirectory)
        {
            throw new ObjectStorageException($"{StorageConnections.Capital(Description)} does not exist: make it, or mount what should be there.", isPassing: false, e);
        }
    }

    /// <param name="path">"" or ends with '/'.</param>
    /// <returns>Null: there is none.</returns>
    private SafeFileHandle? TryOpenFolder(string path)
    {
        try
        {
            return OpenFolder(path, make: false);
        }
        catch (IOException e) when (e.HResult is FileCalls.NoSuchFile or FileCalls.NotADirectory or FileCalls.TooManyLinks or FileCalls.NameTooLong)
        {
            return null;
        }
    }

    private SafeFileHandle OpenFolder(string path, bool make)
    {
        var folder = OpenRoot();
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var parent = folder;
            if (make && FileCalls.TryMakeFolder(parent, name))
                FileCalls.Flush(parent);
            folder = FileCalls.OpenFolder(parent, name);
        }
        return folder;
    }

    private (SafeFileHandle Folder, SafeFileHandle File) CreateFile(string path, string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            SafeFileHandle? folder = null;
            try
            {
                folder = OpenFolder(path, make: true);
                return (folder, FileCalls.CreateFile(folder, name));
            }
            // Somebody's delete took the folder away while it was empty.
            catch (IOException e) when (e.HResult == FileCalls.NoSuchFile && attempt < 100)
            {
                folder?.Dispose();
            }
            catch
            {
                folder?.Dispose();
                throw;
            }
        }
    }

    private bool CheckPlace(SafeFileHandle folder, string key, SaveMode mode) => FileCalls.Find(folder, NameOf(key)) switch
    {
        { IsFolder: true } => throw new ObjectStorageException($"'{key}' cannot be saved in {Description}: there are objects below '{key}/'.", isPassing: false),
        { IsFile: false } => throw new ObjectStorageException($"'{key}' cannot be saved in {Description}: a link or something else that is no file has its name.", isPassing: false),
        { } when mode == SaveMode.CreateOnly => throw new ObjectAlreadyExistsException(key, Description),
        _ => true,
    };

    private async Task CopyAsync(string key, Stream content, SafeFileHandle file, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long position = 0;
            while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                try
                {
                    await RandomAccess.WriteAsync(file, buffer.AsMemory(0, count), position, cancellationToken);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw Explain(e, key);
                }
                position += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private SafeFileHandle OpenFile(SafeFileHandle folder, string key)
    {
        try
        {
            return FileCalls.OpenFile(folder, NameOf(key));
        }
        catch (IOException e) when (e.HResult is FileCalls.NoSuchFile or FileCalls.TooManyLinks)
        {
            throw new ObjectNotFoundException(key, Description);
        }
    }

    /// <summary>Files and folders, the last one first; the key of a folder ends with '/', which also puts it in order.</summary>
    private List<Entry> ReadFolder(string path, string start)
    {
        using var folder = TryOpenFolder(path);
        var entries = new List<Entry>();
        if (folder is null)
            return entries;
        foreach (var name in NamesIn(folder).Where(n => n.StartsWith(start, StringComparison.Ordinal)))
        {
            // Gone, or a name that is no text and was changed in becoming one.
            if (FileCalls.Find(folder, name) is not { } facts)
                continue;
            if (name.StartsWith(TemporaryPrefix, StringComparison.Ordinal))
                RemoveLeftover(folder, name, facts);
            else if (facts.IsFolder && ObjectKey.FindFlaw(path + name) is null)
                entries.Add(new Entry($"{path}{name}/", facts));
            else if (facts.IsFile && ObjectKey.FindFlaw(path + name) is null)
                entries.Add(new Entry(path + name, facts));
        }
        entries.Sort((a, b) => ObjectKey.Order.Compare(b.Key, a.Key));
        return entries;
    }

    private static IEnumerable<string> NamesIn(SafeFileHandle folder) =>
        Directory.EnumerateFileSystemEntries($"/proc/self/fd/{folder.DangerousGetHandle()}", "*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false })
            .Select(path => Path.GetFileName(path));

    private void RemoveLeftover(SafeFileHandle folder, string name, FileFacts facts)
    {
        if (facts.IsFile && Time.GetUtcNow() - facts.Modified > LeftoverAge)
            FileCalls.Remove(folder, name);
    }

    private T Guarded<T>(string key, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Explain(e, key);
        }
    }

    private ObjectStorageException Explain(Exception error, string key)
    {
        var where = key.Length == 0 ? StorageConnections.Capital(Description) : $"'{key}' in {Description}";
        return error switch
        {
            // The runtime has a number of its own for a full disk.
            IOException { HResult: FileCalls.NoSpace or FileCalls.OverQuota or unchecked((int)0x80070070) } =>
                new($"{where}: the disk is full, or the share of it that may be used; make room.", isPassing: true, error),
            UnauthorizedAccessException or IOException { HResult: FileCalls.AccessDenied or FileCalls.NotPermitted } =>
                new($"{where}: this user ({Environment.UserName}) may not do that; change the owner or the permissions.", isPassing: false, error),
            IOException { HResult: FileCalls.ReadOnlyFiles } => new($"{where}: the file system is read-only.", isPassing: false, error),
            IOException { HResult: FileCalls.NotADirectory or FileCalls.TooManyLinks } =>
                new($"{where}: a part of the key is an object or a link, so that nothing can be below it.", isPassing: false, error),
            _ => new($"{where}: {error.Message}", isPassing: true, error),
        };
    }

    private readonly record struct Entry(string Key, FileFacts Facts);
}

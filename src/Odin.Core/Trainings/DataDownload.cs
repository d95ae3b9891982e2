using Odin.Artifacts;
using Odin.Connections;
using Odin.ObjectStorage;
using Odin.Steps;

namespace Odin.Trainings;

/// <summary>Lays data from a connection into a directory, by the rules of the inherited system.</summary>
public sealed class DataDownload(TimeProvider time)
{
    private const int BufferBytes = 256 << 10;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);

    /// <summary>Copies one object or all below a path.</summary>
    /// <param name="opened">The storage of the connection.</param>
    /// <param name="connection">The id of the connection, for messages.</param>
    /// <param name="remotePath">From the root of the bucket; empty: the path of the connection.</param>
    /// <param name="localPath">Below the directory; with a slash at its end, or empty, it is a directory.</param>
    /// <param name="directory">That the data comes into.</param>
    /// <param name="log">Is told of the progress.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="StepFailedException">There is no such data, or it does not fit.</exception>
    /// <exception cref="ObjectStorageException">The storage cannot be read.</exception>
    public async Task CopyAsync(
        OpenedStorage opened, string connection, string remotePath, string localPath, string directory, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        var remote = (remotePath.Length > 0 ? remotePath : opened.Location.Path).Trim('/');
        var storage = opened.Storage;
        var isDirectory = localPath.Length == 0 || localPath.EndsWith('/') || localPath is "." or "./";
        if (remote.Length > 0 && await storage.FindAsync(remote, cancellationToken) is { } single)
        {
            var name = isDirectory ? Join(localPath, remote[(remote.LastIndexOf('/') + 1)..]) : localPath;
            await CopyAllAsync(storage, [(single, name)], directory, log, cancellationToken);
            return;
        }
        var prefix = remote.Length == 0 ? "" : remote + "/";
        var found = new List<(StoredObject Object, string Name)>();
        await foreach (var entry in storage.ListAsync(prefix, cancellationToken))
            found.Add((entry, Join(localPath, entry.Key[prefix.Length..])));
        if (found.Count == 0)
            throw new StepFailedException(StepReasons.NotFound, $"There is nothing at '{remote}' in {storage.Description} (connection '{connection}'): check the path of the data.");
        if (!isDirectory)
            throw new StepFailedException(StepReasons.SetupFailed, $"local path ({localPath}) points to a file, but remote path ({remote}) points to a dir");
        await CopyAllAsync(storage, found, directory, log, cancellationToken);
    }

    private static string Join(string directory, string name) => directory.Length == 0 ? name : $"{directory.TrimEnd('/')}/{name}";

    private async Task CopyAllAsync(
        IObjectStorage storage, List<(StoredObject Object, string Name)> files, string directory, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        var total = files.Sum(f => f.Object.Length);
        var (done, reported) = (0L, time.GetTimestamp());
        await log($"Downloading {files.Count} {(files.Count == 1 ? "file" : "files")}, {Bytes(total)}, from {storage.Description}", cancellationToken);
        var buffer = new byte[BufferBytes];
        foreach (var (entry, name) in files)
        {
            var path = SafePath.Make(directory, name);
            await using var from = await storage.OpenAsync(entry.Key, cancellationToken);
            await using var to = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                done += count;
                if (time.GetElapsedTime(reported) < ReportInterval)
                    continue;
                reported = time.GetTimestamp();
                await log($"{Bytes(done)} of {Bytes(total)}", cancellationToken);
            }
        }
    }

    private static string Bytes(long count) => count switch
    {
        < 10_000 => $"{count} bytes",
        < 10_000_000 => $"{count / 1000} kB",
        < 10_000_000_000 => $"{count / 1_000_000} MB",
        _ => $"{count / 1_000_000_000} GB",
    };
}

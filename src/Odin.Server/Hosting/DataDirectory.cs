using System.Runtime.Versioning;

namespace Odin.Server.Hosting;

/// <summary>
/// The directory that holds all the server keeps, for the owner's eyes only. It is locked while the server lives: servers
/// that share a database by leases lock it together, any other one for itself alone.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    private const long LeastFreeBytes = 512 << 10;

    private const string LockFile = "lock";

    private const UnixFileMode OthersMay =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    // What may be there before the first start: what people prepare, what a volume brings, what the CLI's demo makes.
    private static readonly string[] Prepared = ["odin.yml", "pipelines", "lost+found", "demo", "server.log"];

    private readonly FileStream held;

    private DataDirectory(string path, FileStream held) => (Path, this.held) = (path, held);

    /// <summary>Absolute.</summary>
    public string Path { get; }

    public string this[string entry] => System.IO.Path.Combine(Path, entry);

    /// <summary>Makes, checks and locks the directory.</summary>
    /// <param name="path">Made if it is missing.</param>
    /// <param name="isShared">Other servers may use it too, if they also say so.</param>
    /// <exception cref="StartupException">It cannot be used; the message says why.</exception>
    public static DataDirectory Open(string path, bool isShared)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else if (Directory.Exists(path))
                Close(path);
            else
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, "cannot be made", e);
        }
        var held = Lock(path, isShared);
        try
        {
            Probe(path);
            return new DataDirectory(path, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => held.Dispose();

    // Databases and logs in it are as readable as it is. One that holds other things is not ours to close to others.
    [UnsupportedOSPlatform("windows")]
    private static void Close(string path)
    {
        var mode = File.GetUnixFileMode(path);
        if ((mode & OthersMay) == 0)
            return;
        if (!IsOurs(path, mode))
        {
            throw new StartupException(
                ExitCodes.CannotWrite,
                $"The data directory '{path}' holds other things, and other users of this machine may look into it. "
                + "Give a directory of its own with --data, or close this one with `chmod 700`.");
        }
        try
        {
            File.SetUnixFileMode(path, mode & ~(OthersMay | UnixFileMode.StickyBit));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // It belongs to somebody else, who chose its rights (a volume of a cluster), or its disk cannot be written,
            // which the lock will say better.
        }
    }

    // A directory with the sticky bit is shared by all, as /tmp is, even if a server was there once.
    private static bool IsOurs(string path, UnixFileMode mode)
    {
        var entries = Directory.EnumerateFileSystemEntries(path).Select(e => System.IO.Path.GetFileName(e));
        return File.Exists(System.IO.Path.Combine(path, LockFile)) && (mode & UnixFileMode.StickyBit) == 0 || entries.All(Prepared.Contains);
    }

    private static FileStream Lock(string path, bool isShared)
    {
        var file = System.IO.Path.Combine(path, LockFile);
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, isShared ? FileShare.ReadWrite : FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Unusable(path, "cannot be written", e);
        }
        catch (IOException e) when (IsHeld(file))
        {
            throw new StartupException(
                ExitCodes.InUse, $"Another server uses the data directory '{path}'. Stop it, or give this one another with --data. "
                + "Several servers can share one only if all of them share one PostgreSQL, too.", e);
        }
        catch (IOException e)
        {
            throw Unusable(path, "cannot be written", e);
        }
    }

    // A read-only disk fails to open the file for writing; a lock fails also to open it for reading.
    private static bool IsHeld(string file)
    {
        try
        {
            new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static void Probe(string path)
    {
        var file = System.IO.Path.Combine(path, $".probe-{Guid.NewGuid():N}");
        try
        {
            using (var stream = new FileStream(file, FileMode.Create, FileAccess.Write))
            {
                stream.Write(new byte[4096]);
                stream.Flush(flushToDisk: true);
            }
            File.Delete(file);
            // What is begun here and cannot be finished is harder to mend than what was never begun.
            if (new DriveInfo(path).AvailableFreeSpace < LeastFreeBytes)
                throw new IOException($"its disk is full: less than {LeastFreeBytes >> 10} KiB are free, which is too little to start with.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, "cannot be written", e);
        }
    }

    private static StartupException Unusable(string path, string problem, Exception inner) => new(
        ExitCodes.CannotWrite,
        $"The data directory '{path}' {problem}: {inner.Message} Free some space, correct its rights, or give another with --data.",
        inner);
}

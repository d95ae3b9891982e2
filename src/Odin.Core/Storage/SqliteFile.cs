using Microsoft.Data.Sqlite;
using Odin.Files;

namespace Odin.Storage;

/// <summary>The database file of SQLite and its directory, before SQLite sees them.</summary>
internal static class SqliteFile
{
    // What SQLite needs for the shared memory of its write-ahead log, and a little more.
    private const int ProbeSize = 64 * 1024;

    // The errno of "no space left on device" and "read-only file system" on Linux and macOS.
    private const int NoSpace = 28, ReadOnlyFileSystem = 30;

    /// <summary>
    /// Makes the directory and an empty file that only its owner may read (it will hold password hashes); an existing file
    /// keeps its mode. Finds out now, with a sentence that helps, whether the directory can be written.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The directory cannot be written.</exception>
    public static void Prepare(string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        try
        {
            Directory.CreateDirectory(directory);
            Probe(directory);
            Create(path);
            UseWriteAheadLog(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw ReadOnly(directory, e);
        }
        catch (IOException e)
        {
            throw (e.HResult & 0xFFFF) switch
            {
                ReadOnlyFileSystem => ReadOnly(directory, e),
                NoSpace => new StoreUnavailableException($"The disk of the data directory '{directory}' is full. Make room, or choose another directory.", e),
                _ => new StoreUnavailableException($"The data directory '{directory}' cannot be used: {e.Message}", e),
            };
        }
        catch (SqliteException e)
        {
            var dialect = new SqliteDialect(path);
            throw dialect.AsConfiguration(e) ?? dialect.AsUnavailable(e) ?? (Exception)new StoreUnavailableException(e.Message, e);
        }
    }

    private static void Probe(string directory)
    {
        using var probe = new FileStream(Path.Combine(directory, $".odin-probe-{Guid.NewGuid():N}"), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Options = FileOptions.DeleteOnClose,
        });
        probe.Write(new byte[ProbeSize]);
        probe.Flush(flushToDisk: true);
    }

    // An existing file must not be opened here: closing it would drop the locks that SQLite holds on it in this process.
    private static void Create(string path)
    {
        if (File.Exists(path))
            return;
        try
        {
            using var created = OwnerOnly.OpenWrite(path, FileMode.CreateNew);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another program was faster.
        }
    }

    // The mode is a property of the file. With it readers do not wait for the writer, nor the writer for them.
    private static void UseWriteAheadLog(string path)
    {
        SqliteLibrary.Ensure();
        var builder = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false };
        using var connection = new SqliteConnection(builder.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;";
        command.ExecuteNonQuery();
    }

    private static StoreUnavailableException ReadOnly(string directory, Exception error) => new(
        $"The data directory '{directory}' is read-only for the user '{Environment.UserName}'. "
        + "Make it writable for that user, or choose another directory.", error);
}

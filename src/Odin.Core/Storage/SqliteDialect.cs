using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Odin.Storage;

/// <summary>SQLite, as far as it differs.</summary>
/// <param name="path">The database file, for messages.</param>
internal sealed class SqliteDialect(string path) : SqlDialect
{
    // Result codes: https://www.sqlite.org/rescode.html
    private const int Busy = 5, Locked = 6, ReadOnly = 8, IoError = 10, Corrupt = 11, Full = 13, CannotOpen = 14, Authorization = 23, NotADatabase = 26;

    public override string TextType => "TEXT COLLATE BINARY";

    public override string BytesType => "BLOB";

    public override string FoldedId => "";

    // The driver begins transactions with BEGIN IMMEDIATE, which takes the lock of the only writer.
    public override string MigrationLock => "";

    // LIKE knows no case of ASCII letters here, which takes a quarter of the time of lower().
    public override string IdMatches(string parameter) => $"id LIKE {parameter} ESCAPE '\\'";

    public override StoreUnavailableException? AsUnavailable(Exception error) =>
        (error as SqliteException)?.SqliteErrorCode switch
        {
            Full => new StoreUnavailableException($"The disk is full: the database '{path}' cannot grow ({FreeSpace()}). Make room; writing then goes on by itself.", error)
            {
                IsOutOfSpace = true,
            },
            ReadOnly => Unavailable($"The database '{path}' is read-only. Make the file and its directory writable for the user of this program.", error),
            IoError => Unavailable($"The database '{path}' could not be read or written ({FreeSpace()}). Check the disk.", error),
            CannotOpen => Unavailable($"The database '{path}' cannot be opened. Check that its directory exists and is writable.", error),
            Busy or Locked => Unavailable($"The database '{path}' is locked by another program. End that program, or wait for it.", error),
            _ => null,
        };

    public override StoreConfigurationException? AsConfiguration(Exception error) =>
        (error as SqliteException)?.SqliteErrorCode switch
        {
            NotADatabase => new StoreConfigurationException($"The file '{path}' is not an SQLite database. Name another file.", error),
            Corrupt => new StoreConfigurationException($"The database '{path}' is damaged. Put a backup in its place.", error),
            Authorization => new StoreConfigurationException($"The access to the database '{path}' is denied.", error),
            _ => null,
        };

    public override bool IsCollision(Exception error) => false;

    protected override string ParameterName(int number) => string.Create(CultureInfo.InvariantCulture, $"${number}");

    private static StoreUnavailableException Unavailable(string message, Exception error) => new(message, error);

    private string FreeSpace()
    {
        try
        {
            var drive = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return string.Create(CultureInfo.InvariantCulture, $"{drive.AvailableFreeSpace / (1024 * 1024)} MiB free");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return "free space unknown";
        }
    }
}

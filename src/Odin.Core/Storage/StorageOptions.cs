namespace Odin.Storage;

/// <summary>Settings of the store.</summary>
public sealed class StorageOptions
{
    /// <summary>
    /// <c>Data Source=FILE</c> for SQLite, or <c>Host=…;Database=…</c> or <c>postgresql://user:password@host:port/database</c>
    /// for PostgreSQL. Default: SQLite in <c>odin.db</c> of the data directory.
    /// </summary>
    public string? Database { get; set; }

    /// <summary>How many changes a watcher may fall behind. Default 10,000.</summary>
    public int WatchBuffer { get; set; } = 10_000;

    /// <summary>How long to wait at start for a PostgreSQL that cannot be reached yet. Default 30 seconds; zero: not at all.</summary>
    public TimeSpan StartupTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Deletes finished runs, their logs and their workspaces at this age. Default 30 days; zero keeps them for ever.</summary>
    public TimeSpan RunRetention { get; set; } = TimeSpan.FromDays(30);
}

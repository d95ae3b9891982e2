using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Odin.Storage;

/// <summary>
/// Brings the tables up to date with the numbered <c>Migrations/*.sql</c> of this program, all in one transaction and one
/// program at a time; what was done is recorded, so running it again changes nothing.
/// </summary>
internal static partial class Migrator
{
    private const string CreateTable =
        "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, applied BIGINT NOT NULL)";

    /// <summary>The numbers of the migrations that were carried out just now.</summary>
    /// <exception cref="StoreConfigurationException">The database was made by a newer program.</exception>
    public static async Task<IReadOnlyList<long>> RunAsync(
        DbConnection connection, SqlDialect dialect, TimeProvider time, CancellationToken cancellationToken)
    {
        var known = await LoadAsync(cancellationToken);
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var end = new Quietly(transaction);
        if (dialect.MigrationLock.Length > 0)
            await ExecuteAsync(transaction, dialect.MigrationLock, cancellationToken);
        await ExecuteAsync(transaction, CreateTable, cancellationToken);
        var done = await ReadDoneAsync(transaction, cancellationToken);
        if (done > known[^1].Number)
        {
            throw new StoreConfigurationException(
                $"The database was made by a newer version of this program (schema {done}; this one knows up to {known[^1].Number}). "
                + "Start the newer version, or name another database.");
        }

        var missing = known.Where(m => m.Number > done).ToList();
        foreach (var (number, name, sql) in missing)
        {
            await ExecuteAsync(transaction, Translate(sql, dialect), cancellationToken);
            var applied = SortKey.Microseconds(time.GetUtcNow());
            await ExecuteAsync(transaction, string.Create(CultureInfo.InvariantCulture,
                $"INSERT INTO schema_migrations (number, name, applied) VALUES ({number}, '{name}', {applied})"), cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return [.. missing.Select(m => m.Number)];
    }

    private static string Translate(string sql, SqlDialect dialect) => sql
        .Replace("{{text}}", dialect.TextType, StringComparison.Ordinal)
        .Replace("{{bytes}}", dialect.BytesType, StringComparison.Ordinal)
        .Replace("{{folded}}", dialect.FoldedId, StringComparison.Ordinal);

    private static async Task<long> ReadDoneAsync(DbTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT COALESCE(MAX(number), 0) FROM schema_migrations";
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    private static async Task ExecuteAsync(DbTransaction transaction, string sql, CancellationToken cancellationToken)
    {
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<List<(long Number, string Name, string Sql)>> LoadAsync(CancellationToken cancellationToken)
    {
        var assembly = typeof(Migrator).Assembly;
        var found = new List<(long Number, string Name, string Sql)>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (ResourceName().Match(resource) is not { Success: true } match)
                continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var sql = await reader.ReadToEndAsync(cancellationToken);
            found.Add((long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Value, sql));
        }
        found.Sort((a, b) => a.Number.CompareTo(b.Number));
        return found;
    }

    [GeneratedRegex(@"^Odin\.Storage\.Migrations\._?([0-9]{4})_([a-z0-9_]+)\.sql$")]
    private static partial Regex ResourceName();
}

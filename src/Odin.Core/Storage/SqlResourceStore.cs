using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Odin.Resources;

namespace Odin.Storage;

/// <summary>
/// Keeps resources in one table of SQLite or PostgreSQL: columns for what is queried, the document as JSON.
/// <see cref="StoreFactory"/> opens it. Reads never wait for writes.
/// </summary>
public sealed class SqlResourceStore : IResourceStore, IAsyncDisposable
{
    // Far below what either database takes, and enough that the way there and back no longer counts.
    private const int MaxIdsInStatement = 500;

    private readonly DbDataSource source;
    private readonly SqlDialect dialect;
    private readonly ChangeFeed feed;
    private readonly GroupCommitWriter writer;

    /// <param name="source">Of a database whose tables are up to date; the store disposes of it.</param>
    internal SqlResourceStore(DbDataSource source, SqlDialect dialect, StorageOptions options, TimeProvider time)
    {
        (this.source, this.dialect) = (source, dialect);
        feed = new ChangeFeed(options.WatchBuffer);
        writer = new GroupCommitWriter(source, dialect, feed, time);
    }

    public Task<T?> FindAsync<T>(string id, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!StoredText.CanExist(id))
            return Task.FromResult<T?>(null);
        return ReadAsync(
            command =>
            {
                command.CommandText = "SELECT document FROM resources WHERE kind = $1 AND id = $2";
                dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, T.Kind);
                dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, id);
            },
            async reader => await reader.ReadAsync(cancellationToken)
                ? JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(0), T.JsonType)
                : null,
            cancellationToken);
    }

    public async Task<IReadOnlyList<T>> FindManyAsync<T>(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        cancellationToken.ThrowIfCancellationRequested();
        var found = new List<T>(ids.Count);
        foreach (var chunk in ids.Where(StoredText.CanExist).Distinct(StringComparer.Ordinal).Chunk(MaxIdsInStatement))
        {
            found.AddRange(await ReadAsync(
                command => WriteFindMany(command, T.Kind, chunk),
                async reader =>
                {
                    var part = new List<T>(chunk.Length);
                    while (await reader.ReadAsync(cancellationToken))
                        part.Add(JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(0), T.JsonType)!);
                    return part;
                },
                cancellationToken));
        }
        return found;
    }

    public async Task<ResourcePage<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = ListRequest.From(query);
        if (request.MatchesNothing)
            return new ResourcePage<T>([], null);
        var rows = await ReadAsync(
            command => ListSql.Write(command, dialect, T.Kind, request),
            async reader =>
            {
                var found = new List<(SortKey Key, byte[] Document)>();
                while (await reader.ReadAsync(cancellationToken))
                    found.Add((new SortKey(reader.GetInt64(1), reader.GetString(0)), reader.GetFieldValue<byte[]>(2)));
                return found;
            },
            cancellationToken);
        var page = request.Page(rows, r => r.Key);
        return new ResourcePage<T>([.. page.Items.Select(r => JsonSerializer.Deserialize(r.Document, T.JsonType)!)], page.Continue);
    }

    public Task ApplyAsync(ResourceBatch batch, CancellationToken cancellationToken) => writer.ApplyAsync(batch, cancellationToken);

    public IAsyncEnumerable<ResourceChange> WatchAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        feed.Watch(T.Kind, cancellationToken);

    /// <summary>Carries out the writes that wait, ends the watches and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        feed.Close();
        await source.DisposeAsync();
    }

    private void WriteFindMany(DbCommand command, string kind, string[] ids)
    {
        dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, kind);
        var text = new StringBuilder("SELECT document FROM resources WHERE kind = $1 AND id IN (");
        for (var i = 0; i < ids.Length; i++)
        {
            dialect.AddParameter(command.Parameters, command.CreateParameter(), DbType.String, ids[i]);
            text.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? "," : "")}${i + 2}");
        }
        command.CommandText = text.Append(')').ToString();
    }

    private async Task<TResult> ReadAsync<TResult>(
        Action<DbCommand> write, Func<DbDataReader, Task<TResult>> read, CancellationToken cancellationToken)
    {
        for (var isLastAttempt = false; ; isLastAttempt = true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                await using var command = connection.CreateCommand();
                write(command);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await read(reader);
            }
            catch (Exception e) when (dialect.AsUnavailable(e) is { } unavailable)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // A pooled connection may have died since it was last used; a second one is fresh.
                if (isLastAttempt)
                    throw unavailable;
            }
        }
    }
}

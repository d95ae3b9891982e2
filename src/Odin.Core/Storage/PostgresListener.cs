using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Odin.Storage;

/// <summary>
/// Hears what other servers have committed, on a connection of its own, and hands it to the watchers of this process. When
/// the connection was lost, watchers are told once that they may have missed something.
/// </summary>
internal sealed partial class PostgresListener : IAsyncDisposable
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource source;
    private readonly ChangeNotices notices;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationTokenSource closing = new();
    private Task loop = Task.CompletedTask;

    public PostgresListener(DatabaseSetting.Postgres setting, ChangeNotices notices, TimeProvider time, ILogger logger)
    {
        (this.notices, this.time, this.logger) = (notices, time, logger);
        // A connection that only waits does not notice by itself that the other side is gone.
        var settings = new NpgsqlConnectionStringBuilder(setting.ConnectionString) { Pooling = false, KeepAlive = 10 };
        source = PostgresDataSource.Create(setting with { ConnectionString = settings.ConnectionString });
    }

    /// <summary>Returns when it listens: whatever others commit from then on is handed over.</summary>
    public async Task StartAsync(ChangeFeed feed, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(feed, cancellationToken);
        loop = RunAsync(connection, feed);
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await loop;
        await source.DisposeAsync();
        closing.Dispose();
    }

    private async Task RunAsync(NpgsqlConnection? connection, ChangeFeed feed)
    {
        await Task.Yield();
        for (var pause = ShortestPause; !closing.IsCancellationRequested;)
        {
            try
            {
                if (connection is null)
                {
                    connection = await OpenAsync(feed, closing.Token);
                    feed.PublishResync();
                    LogBack();
                }
                await connection.WaitAsync(closing.Token);
                pause = ShortestPause;
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is DbException or SocketException or IOException or TimeoutException or InvalidOperationException)
            {
                if (connection is not null)
                    LogLost(e.Message);
                await DropAsync(connection);
                connection = null;
                await Task.Delay(pause, time, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        await DropAsync(connection);
    }

    private async Task<NpgsqlConnection> OpenAsync(ChangeFeed feed, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            connection.Notification += (_, notice) => Hear(notice.Payload, feed);
            await using var command = connection.CreateCommand();
            command.CommandText = $"LISTEN {ChangeNotices.Channel}";
            await command.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await DropAsync(connection);
            throw;
        }
    }

    private void Hear(string payload, ChangeFeed feed)
    {
        if (notices.Read(payload) is not { } changes)
        {
            feed.PublishResync();
            return;
        }
        foreach (var (kind, change) in changes)
            feed.Publish(kind, change);
    }

    private static async Task DropAsync(NpgsqlConnection? connection)
    {
        if (connection is null)
            return;
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception e) when (e is DbException or IOException or InvalidOperationException)
        {
            // It is broken, and that is why it goes.
        }
    }

    [LoggerMessage(EventName = "ListenLost", Level = LogLevel.Warning, Message = "Changes of other servers cannot be heard for now: {Reason}")]
    private partial void LogLost(string reason);

    [LoggerMessage(EventName = "ListenBack", Level = LogLevel.Information, Message = "Changes of other servers are heard again.")]
    private partial void LogBack();
}

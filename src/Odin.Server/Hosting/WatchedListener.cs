using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Odin.Server.Gateway;

namespace Odin.Server.Hosting;

/// <summary>Accepts connections whose requests for models go on where they arrive.</summary>
internal sealed partial class WatchedListener(Socket socket, GatewayRequestLine models, MemoryPool<byte> pool, ILogger<WatchedListener> logger) : IConnectionListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private bool isRefusing;

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <returns>Null: nothing more is accepted.</returns>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket? accepted = null;
            try
            {
                accepted = await socket.AcceptAsync(cancellationToken);
                // Answers are small and go in one piece.
                accepted.NoDelay = true;
                isRefusing = false;
                return new WatchedConnection(accepted, models, pool, logger);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                accepted?.Dispose();
                return null;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.NotConnected or SocketError.InvalidArgument)
            {
                // It was gone before we came to it.
                accepted?.Dispose();
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // Too many open files, perhaps: there may be room when others have ended.
                accepted?.Dispose();
                if (!isRefusing)
                    LogRefused(e.Message);
                isRefusing = true;
                await Task.Delay(Pause, TimeProvider.System, CancellationToken.None);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        pool.Dispose();
        return ValueTask.CompletedTask;
    }

    [LoggerMessage(1, LogLevel.Warning, "A connection could not be accepted: {Reason}")]
    private partial void LogRefused(string reason);
}

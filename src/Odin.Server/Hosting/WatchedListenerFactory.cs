using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Odin.Server.Gateway;

namespace Odin.Server.Hosting;

/// <summary>Listens where models are asked, in place of Kestrel's own sockets: such a request goes on right where it arrives (docs/decisions/0029).</summary>
internal sealed class WatchedListenerFactory(GatewayRequestLine models, IMemoryPoolFactory<byte> pools, ILogger<WatchedListener> logger) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Backlog = 512;

    public bool CanBind(EndPoint endpoint) => endpoint is WatchedEndPoint;

    /// <exception cref="AddressInUseException">Somebody else listens there.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(Backlog);
            return ValueTask.FromResult<IConnectionListener>(new WatchedListener(socket, models, pools.Create(new MemoryPoolOptions { Owner = "odin" }), logger));
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            if (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
                throw new AddressInUseException(e.Message, e);
            throw;
        }
    }
}

/// <summary>An address whose connections are watched. What is encrypted is none: that takes too long for a thread that many share.</summary>
internal sealed class WatchedEndPoint(IPAddress address, int port) : IPEndPoint(address, port);

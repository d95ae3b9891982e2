using System.Net;
using System.Net.Sockets;

namespace Odin.Cli.Servers;

/// <summary>Opens connections to a server: to whoever listens there, or only to the server of this user.</summary>
internal sealed class ServerTransport(CliEnvironment environment, Connection connection)
{
    /// <summary>Why nothing secret may be sent there now, as a sentence; null: it may.</summary>
    public string? Objection()
    {
        // Of the addresses that a name may have one is enough; which one it is, the connection will tell.
        IPAddress[] candidates = IPAddress.TryParse(connection.Url.IdnHost, out var address) ? [address] : [IPAddress.Loopback, IPAddress.IPv6Loopback];
        var objections = candidates.Select(a => Objection(new IPEndPoint(a, connection.Url.Port))).ToList();
        return objections.Contains(null) ? null : objections[0];
    }

    /// <summary>A handler with no open connections.</summary>
    /// <param name="onlyOurs">
    /// Each connection, also one that is opened in the middle of a command because another broke, must lead to the server of
    /// this user: whoever listened a moment ago may be another now.
    /// </param>
    public SocketsHttpHandler Handler(bool onlyOurs)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            // A proxy of the environment must not see what goes to this machine.
            UseProxy = !connection.Url.IsLoopback,
        };
        if (onlyOurs)
            handler.ConnectCallback = ConnectAsync;
        return handler;
    }

    /// <summary>A client with no open connections, for REST.</summary>
    /// <inheritdoc cref="Handler" path="/param"/>
    public HttpClient Client(bool onlyOurs) => new(Handler(onlyOurs))
    {
        BaseAddress = Rest(connection),
        // Streams last as long as a run; what must not wait says so by its own token.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The objection that a connection was given up for; null: it broke for another reason.</summary>
    public static CliException? ObjectionIn(Exception failure)
    {
        for (var e = failure; e is not null; e = e.InnerException!)
        {
            if (e is CliException objection)
                return objection;
        }
        return null;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        Exception? failure = null;
        foreach (var address in await Dns.GetHostAddressesAsync(host, cancellationToken))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(address, port, cancellationToken);
                if (Objection(new IPEndPoint(address, port)) is not { } objection)
                    return new NetworkStream(socket, ownsSocket: true);
                failure = Refusal(objection);
            }
            catch (SocketException e)
            {
                failure ??= e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
            socket.Dispose();
        }
        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    // It may be over in a moment, as when the server is started again.
    private CliException Refusal(string objection) => new(
        ExitCode.Unavailable,
        $"{objection}, so what is meant for your own server is not sent to {connection.Display}",
        "Start your own server again with `odin server`.");

    private string? Objection(IPEndPoint address) =>
        new LoopbackListeners(environment.NetworkTables).Objection(address, connection.Local?.Owner());

    private static Uri Rest(Connection connection) => connection.IsWebSocket
        ? new UriBuilder(connection.Url) { Scheme = connection.Url.Scheme == "wss" ? "https" : "http" }.Uri
        : connection.Url;
}

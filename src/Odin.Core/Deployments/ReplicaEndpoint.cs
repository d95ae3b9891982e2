using System.Net.Http;
using System.Net.Sockets;

namespace Odin.Deployments;

/// <summary>How a replica is reached.</summary>
public static class ReplicaEndpoint
{
    private const string UnixScheme = "unix:";

    /// <summary>The longest path that a socket may have on Linux, without the NUL behind it.</summary>
    internal const int LongestSocketPath = 107;

    /// <summary>The endpoint of a Unix socket.</summary>
    internal static string OfSocket(string path) => UnixScheme + path;

    /// <summary>The socket's path; null: it is reached over TCP.</summary>
    internal static string? SocketOf(string endpoint) => endpoint.StartsWith(UnixScheme, StringComparison.Ordinal) ? endpoint[UnixScheme.Length..] : null;

    /// <summary>What requests to the endpoint are addressed to; the host is nothing that is looked up for a socket.</summary>
    public static Uri AddressOf(string endpoint) => SocketOf(endpoint) is null ? new Uri(endpoint) : new Uri("http://replica");

    /// <summary>Connections to one endpoint; follows no redirects, keeps no cookies, changes nothing of the content.</summary>
    /// <param name="watched">
    /// What waits for a socket goes on on the thread of a <see cref="SocketWatcher"/>: faster, but whatever goes on there must not
    /// block, and has to leave it by <see cref="SocketWatcher.LeaveAsync"/> for anything else.
    /// </param>
    public static SocketsHttpHandler CreateHandler(string endpoint, bool watched = false)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            MaxConnectionsPerServer = int.MaxValue,
            // As Kestrel has read them.
            RequestHeaderEncodingSelector = static (_, _) => System.Text.Encoding.UTF8,
        };
        if (SocketOf(endpoint) is { } path)
            handler.ConnectCallback = (_, cancellationToken) => ConnectAsync(path, watched, cancellationToken);
        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(string path, bool watched, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return watched ? new WatchedSocketStream(socket) : new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

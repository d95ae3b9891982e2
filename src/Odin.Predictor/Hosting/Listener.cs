using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Odin.Predictor.Hosting;

/// <summary>Where requests come in.</summary>
internal static class Listener
{
    public static void Configure(KestrelServerOptions kestrel, PredictorOptions options)
    {
        kestrel.AddServerHeader = false;
        // Bodies are counted where they are read, so that what is too large gets an answer instead of a broken connection.
        kestrel.Limits.MaxRequestBodySize = null;
        if (options.Socket is null)
        {
            kestrel.Listen(options.Address, options.Port);
            return;
        }
        RemoveLeftover(options.Socket);
        kestrel.ListenUnixSocket(options.Socket);
    }

    /// <summary>In the words of a user: somebody else listens there.</summary>
    public static string Taken(PredictorOptions options) => options.Socket is { } path
        ? $"the socket '{path}' is taken by another program; choose another one by --socket."
        : string.Create(CultureInfo.InvariantCulture, $"the port {options.Port} is taken by another program; choose another one by --port.");

    // Of a server that was killed: nobody listens there, and nobody could.
    private static void RemoveLeftover(string path)
    {
        if (!File.Exists(path))
            return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // No socket, or not ours: listening will tell.
        }
    }
}

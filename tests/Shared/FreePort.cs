using System.Net;
using System.Net.Sockets;

namespace Odin.Testing;

/// <summary>A TCP port on the loopback address that nobody listens on at the moment.</summary>
internal static class FreePort
{
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Listens on such a port, which another program may take between the finding and the listening: then on another one.</summary>
    /// <param name="others">Further names of this machine that requests may bear.</param>
    public static (HttpListener Listener, int Port) Listen(params string[] others)
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = Find();
            var listener = new HttpListener();
            foreach (var host in others.Prepend("127.0.0.1"))
                listener.Prefixes.Add($"http://{host}:{port}/");
            try
            {
                listener.Start();
                return (listener, port);
            }
            catch (HttpListenerException) when (attempt < 20)
            {
                listener.Close();
            }
        }
    }
}

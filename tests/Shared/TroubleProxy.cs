using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Odin.Testing;

/// <summary>What happens to one connection.</summary>
internal sealed record Trouble
{
    /// <summary>Is sent in the place of any answer to the first request; the server never hears of it.</summary>
    public string? Answer { get; init; }

    /// <summary>The connection breaks when the server has sent that many bytes.</summary>
    public long? CutAfter { get; init; }

    /// <summary>The connection breaks when the client has sent that many bytes.</summary>
    public long? CutRequestAfter { get; init; }

    /// <summary>Nothing more comes when the server has sent that many bytes; the connection stays.</summary>
    public long? HoldAfter { get; init; }

    /// <summary>The server hears nothing more when the client has sent that many bytes; the connection stays.</summary>
    public long? HoldRequestAfter { get; init; }

    /// <summary>Nothing ever comes.</summary>
    public bool IsSilent { get; init; }

    /// <summary>A whole HTTP answer, after which the connection ends.</summary>
    public static Trouble Http(string status, string body = "", string headers = "") => new()
    {
        Answer = $"HTTP/1.1 {status}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{headers}\r\n{body}",
    };
}

/// <summary>Stands before a server and gives its clients trouble.</summary>
internal sealed class TroubleProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;
    private readonly int serverPort;
    private int connections, held;

    /// <param name="serverPort">0: there is none, so that every connection must have its trouble.</param>
    public TroubleProxy(int serverPort = 0)
    {
        this.serverPort = serverPort;
        listener.Start();
        loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>How many connections there have been.</summary>
    public int Connections => Volatile.Read(ref connections);

    /// <summary>How many of them were held in the middle.</summary>
    public int Held => Volatile.Read(ref held);

    /// <summary>Says, for the number of a connection (from 1), what happens to it; null: nothing.</summary>
    public Func<int, Trouble?> Plan { get; set; } = _ => null;

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
        loop.Wait(TimeSpan.FromSeconds(30));
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var served = new List<Task>();
        try
        {
            while (true)
                served.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            await Task.WhenAll(served);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        using (client)
        {
            try
            {
                var trouble = Plan(Interlocked.Increment(ref connections));
                if (trouble?.IsSilent == true)
                    await Task.Delay(Timeout.Infinite, end.Token);
                else if (trouble?.Answer is { } answer)
                    await AnswerAsync(client, answer, end.Token);
                else
                    await PassAsync(client, trouble, end);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // One of the two has gone, or it is the trouble that was wanted.
            }
        }
    }

    private static async Task AnswerAsync(TcpClient client, string answer, CancellationToken token)
    {
        var stream = client.GetStream();
        var buffer = new byte[64 * 1024];
        var head = new StringBuilder();
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, token) is > 0 and var count)
            head.Append(Encoding.Latin1.GetString(buffer, 0, count));
        await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), token);
        client.Client.Shutdown(SocketShutdown.Send);
        // Closed before the client has sent all, the answer could get lost.
        while (await stream.ReadAsync(buffer, token) > 0)
            continue;
    }

    private async Task PassAsync(TcpClient client, Trouble? trouble, CancellationTokenSource end)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(IPAddress.Loopback, serverPort, end.Token);
        var requests = PumpAsync(client.GetStream(), server.GetStream(), trouble?.CutRequestAfter, trouble?.HoldRequestAfter, end);
        await PumpAsync(server.GetStream(), client.GetStream(), trouble?.CutAfter, trouble?.HoldAfter, end);
        // Broken, not ended: without this it could look like a good end.
        client.LingerState = new LingerOption(true, 0);
        client.Close();
        await requests;
    }

    private async Task PumpAsync(NetworkStream from, NetworkStream to, long? cut, long? hold, CancellationTokenSource end)
    {
        var buffer = new byte[16 * 1024];
        var most = cut ?? hold ?? long.MaxValue;
        try
        {
            while (most > 0 && await from.ReadAsync(buffer, end.Token) is > 0 and var count)
            {
                await to.WriteAsync(buffer.AsMemory(0, (int)Math.Min(count, most)), end.Token);
                most -= count;
            }
            if (most > 0 || hold is null)
                return;
            Interlocked.Increment(ref held);
            await Task.Delay(Timeout.Infinite, end.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The other direction has ended.
        }
        finally
        {
            await end.CancelAsync();
        }
    }
}

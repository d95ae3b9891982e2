using System.Net;
using System.Net.Sockets;

namespace Odin.Tests.Storage;

/// <summary>Where a <see cref="CuttingProxy"/> breaks a connection.</summary>
internal enum Cut
{
    /// <summary>The server never hears of the commit.</summary>
    BeforeCommit,

    /// <summary>The server has the commit; nobody hears what it said.</summary>
    AfterCommit,
}

/// <summary>Stands before a PostgreSQL and breaks connections at their commit, when it is told to.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly int serverPort;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Task loop;
    private int commits, cuts;

    public CuttingProxy(int serverPort)
    {
        this.serverPort = serverPort;
        listener.Start();
        loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Says, for the number of a commit (from 1), whether and where to cut.</summary>
    public Func<int, Cut?> Plan { get; set; } = _ => null;

    public int Cuts => Volatile.Read(ref cuts);

    /// <summary>New connections wait until this is disposed of.</summary>
    public async Task<IDisposable> HoldAsync()
    {
        await gate.WaitAsync();
        return new Held(gate);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await loop;
        gate.Dispose();
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await gate.WaitAsync(cut.Token);
                gate.Release();
                await server.ConnectAsync(IPAddress.Loopback, serverPort, cut.Token);
                var answers = PumpAsync(server.GetStream(), client.GetStream(), cut);
                await Task.WhenAll(answers, PumpRequestsAsync(client.GetStream(), server.GetStream(), cut));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // Cut, by us or by one of them.
            }
        }
    }

    private static async Task PumpAsync(NetworkStream from, NetworkStream to, CancellationTokenSource cut)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, cut.Token) is > 0 and var count)
                await to.WriteAsync(buffer.AsMemory(0, count), cut.Token);
        }
        finally
        {
            await cut.CancelAsync();
        }
    }

    private async Task PumpRequestsAsync(NetworkStream client, NetworkStream server, CancellationTokenSource cut)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await client.ReadAsync(buffer, cut.Token) is > 0 and var count)
            {
                // A commit is a message of its own, at the end of what is sent.
                var where = buffer.AsSpan(0, count).IndexOf("COMMIT\0"u8) < 0 ? null : Plan(Interlocked.Increment(ref commits));
                if (where is not null)
                    Interlocked.Increment(ref cuts);
                if (where == Cut.BeforeCommit)
                    break;
                if (where == Cut.AfterCommit)
                    await cut.CancelAsync();
                await server.WriteAsync(buffer.AsMemory(0, count), CancellationToken.None);
                if (where is null)
                    continue;
                // The other pump has stopped, so the answer stays here: it means that the commit is over.
                await server.ReadExactlyAsync(buffer.AsMemory(0, 1), CancellationToken.None);
                break;
            }
        }
        finally
        {
            await cut.CancelAsync();
        }
    }

    private sealed class Held(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}

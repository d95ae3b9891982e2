using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Odin.Predictor.Workers;

/// <summary>Where workers connect: a socket without a file, and a token for each worker, as others on this machine may see the socket.</summary>
internal sealed class WorkerGate : IDisposable
{
    private static readonly TimeSpan HelloLimit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Action<int, WorkerConnection>> expected = new();
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource stop = new();

    public WorkerGate()
    {
        listener.Bind(new UnixDomainSocketEndPoint($"\0{Address}"));
        listener.Listen(512);
        Accepting = AcceptAsync(stop.Token);
    }

    /// <summary>Without the leading zero that says that it is no file.</summary>
    public string Address { get; } = $"odin-predictor-{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    private Task Accepting { get; }

    /// <summary>Expects a worker, and returns its token.</summary>
    /// <param name="connected">Is given the number of a connection, and the connection.</param>
    public string Expect(Action<int, WorkerConnection> connected)
    {
        var token = RandomNumberGenerator.GetHexString(32, lowercase: true);
        expected[token] = connected;
        return token;
    }

    public void Forget(string token) => expected.TryRemove(token, out _);

    public void Dispose()
    {
        stop.Cancel();
        listener.Dispose();
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        var greetings = new List<Task>();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var socket = await listener.AcceptAsync(cancellationToken);
                greetings.RemoveAll(g => g.IsCompleted);
                greetings.Add(GreetAsync(new WorkerConnection(socket), cancellationToken));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException && cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (SocketException)
            {
                // The other side was gone before we came to it.
            }
        }
        await Task.WhenAll(greetings);
    }

    private async Task GreetAsync(WorkerConnection connection, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(HelloLimit);
        try
        {
            var (letter, content) = await connection.ReceiveAsync(isAlone: false, limit.Token);
            if (letter == WorkerConnection.Hello && content.Length > 2
                && expected.TryGetValue(Encoding.ASCII.GetString(content.Span[..^2]), out var connected))
            {
                connected(BinaryPrimitives.ReadUInt16LittleEndian(content.Span[^2..]), connection);
                return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException or OperationCanceledException)
        {
            // Whoever that was, it is no worker of ours.
        }
        connection.Dispose();
    }
}

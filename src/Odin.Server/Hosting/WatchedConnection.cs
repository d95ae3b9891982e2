using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Odin.Deployments;
using Odin.Server.Gateway;

namespace Odin.Server.Hosting;

/// <summary>
/// The connection of a client. What begins like a request for a model goes on on the thread of a <see cref="SocketWatcher"/>, which
/// the gateway never blocks; everything else on the pool, also what comes while another request is being served.
/// </summary>
internal sealed partial class WatchedConnection : ConnectionContext, IDuplexPipe, ISocketOwner, IPoolRequestFeature, IMemoryPoolFeature
{
    private static long count;

    private readonly GatewayRequestLine models;
    private readonly ILogger log;
    private readonly WatchedSocketStream stream;
    private readonly CancellationTokenSource closed = new();
    private volatile bool isInPool;

    /// <param name="socket">Connected; it is the connection's from now on, unless this fails.</param>
    /// <exception cref="IOException">The system refuses to watch it.</exception>
    /// <exception cref="SocketException">It is gone already.</exception>
    public WatchedConnection(Socket socket, GatewayRequestLine models, MemoryPool<byte> pool, ILogger log)
    {
        (this.models, this.log) = (models, log);
        MemoryPool = pool;
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = closed.Token;
        ConnectionId = Interlocked.Increment(ref count).ToString("X", CultureInfo.InvariantCulture);
        Transport = this;
        Features.Set<IPoolRequestFeature>(this);
        Features.Set<IMemoryPoolFeature>(this);
        stream = new WatchedSocketStream(socket, this);
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(pool, leaveOpen: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(pool, leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    /// <summary>Kestrel's answers need blocks of a size of their own choice, also where they ask for any.</summary>
    public MemoryPool<byte> MemoryPool { get; }

    bool IPoolRequestFeature.IsInPool
    {
        set => isInPool = value;
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        stream.Abort();
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.Cancel(), this, preferLocal: false);
    }

    public override ValueTask DisposeAsync()
    {
        stream.Dispose();
        // They give their blocks back; what nobody has taken is not sent any more.
        Input.Complete();
        Output.Complete(new ConnectionAbortedException());
        Cancel();
        closed.Dispose();
        return base.DisposeAsync();
    }

    bool ISocketOwner.GoesOnHere(ReadOnlySpan<byte> bytes) => !isInPool && models.Begins(bytes);

    void ISocketOwner.End() => Cancel();

    private void Cancel()
    {
        try
        {
            closed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has been disposed of meanwhile.
        }
        catch (AggregateException e)
        {
            // Nobody else would take it, and the server would end.
            LogEndFailed(e);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "Something that waits for the end of a connection has failed")]
    private partial void LogEndFailed(Exception exception);
}

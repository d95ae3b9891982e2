using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using Odin.Deployments;

namespace Odin.Tests.Deployments;

/// <summary>The gateway's side of connections to replicas, over real Unix sockets.</summary>
public sealed class WatchedSocketStreamTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory directory = new();
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint address;
    // One at a time: whoever is accepted is whoever connects.
    private readonly SemaphoreSlim turn = new(1);

    public WatchedSocketStreamTests()
    {
        address = new UnixDomainSocketEndPoint(Path.Combine(directory.Path, "s"));
        listener.Bind(address);
        listener.Listen(512);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        turn.Dispose();
        listener.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Read_BeforeAnythingIsThere_GoesOnOnTheWatchersThreadUntilItIsLeft()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        using var other = peer;
        var buffer = new byte[16];
        var reading = GoOnAsync(stream, buffer, async count =>
        {
            var text = System.Text.Encoding.UTF8.GetString(buffer, 0, count);
            var before = SocketWatcher.IsCurrent;
            await SocketWatcher.LeaveAsync();
            return (Text: text, Before: before, After: SocketWatcher.IsCurrent);
        });
        await peer.SendAsync("hello"u8.ToArray(), Token);
        Assert.Equal(("hello", true, false), await reading.WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task Leave_ThreadOfThePool_StaysThere() =>
        Assert.True(await Task.Run(() => SocketWatcher.LeaveAsync().GetAwaiter().IsCompleted, Token));

    [Fact]
    public async Task BothWays_MoreThanASocketHolds_ArrivesWholeAndInOrder()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        using var other = new NetworkStream(peer, ownsSocket: true);
        var (there, back) = (RandomNumberGenerator.GetBytes(20_000_000), RandomNumberGenerator.GetBytes(20_000_000));
        await Task.WhenAll(
            SendAsync(stream, there),
            SendAsync(other, back),
            ReceiveAsync(stream, back),
            ReceiveAsync(other, there)).WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Read_PeerHasClosed_IsTheEnd()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        await peer.SendAsync("x"u8.ToArray(), Token);
        var buffer = new byte[16];
        Assert.Equal(1, await stream.ReadAsync(buffer, Token).AsTask().WaitAsync(Patience, Token));
        var end = stream.ReadAsync(buffer, Token).AsTask();
        Assert.False(end.IsCompleted);
        peer.Dispose();
        Assert.Equal(0, await end.WaitAsync(Patience, Token));
        Assert.Equal(0, await stream.ReadAsync(buffer, Token).AsTask().WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task ReadAndWrite_PeerIsGone_SayThatTheConnectionIsBroken()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        await stream.WriteAsync("never read"u8.ToArray(), Token);
        peer.Dispose();
        var read = await Assert.ThrowsAsync<IOException>(() => stream.ReadAsync(new byte[16], Token).AsTask().WaitAsync(Patience, Token));
        Assert.IsType<SocketException>(read.InnerException);
        await Assert.ThrowsAsync<IOException>(() => stream.WriteAsync(new byte[16], Token).AsTask().WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task ReadAndWrite_PeerDiesWhileBothWait_SayThatTheConnectionIsBroken()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        var reading = stream.ReadAsync(new byte[16], Token).AsTask();
        var writing = stream.WriteAsync(new byte[10_000_000], Token).AsTask();
        Assert.False(reading.IsCompleted || writing.IsCompleted);
        // With what it has not read.
        peer.Dispose();
        await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(Patience, Token));
        await Assert.ThrowsAsync<IOException>(() => writing.WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task Write_IsCancelled_LetsTheReaderBe()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        using var other = peer;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var reading = stream.ReadAsync(new byte[16], Token).AsTask();
        var writing = stream.WriteAsync(new byte[10_000_000], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Patience, Token));
        await peer.SendAsync("x"u8.ToArray(), Token);
        Assert.Equal(1, await reading.WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task ReadAndWrite_OneThatNeverPauses_LetsOthersHaveTheirTurn()
    {
        // All that the endless one needs is always there; on a watcher's thread it must come to an end of its turn nevertheless.
        var (endless, endlessPeer) = await ConnectAsync();
        using var first = endless;
        using var firstPeer = endlessPeer;
        await endlessPeer.SendAsync(new byte[1000], Token);
        Assert.Equal(1, await endless.ReadAsync(new byte[1], Token));
        var (trigger, triggerPeer) = await ConnectAsync();
        using var second = trigger;
        using var secondPeer = triggerPeer;
        var pauses = GoOnAsync(trigger, new byte[1], async _ =>
        {
            var count = 0;
            for (var i = 0; i < 100; i++)
            {
                var read = endless.ReadAsync(new byte[1], CancellationToken.None).AsTask();
                count += read.IsCompleted ? 0 : 1;
                await read;
            }
            return count;
        });
        await triggerPeer.SendAsync(new byte[1], Token);
        Assert.InRange(await pauses.WaitAsync(Patience, Token), 5, 10);
    }

    [Fact]
    public async Task Dispose_WhileOneReadsAndOneWrites_EndsBoth()
    {
        var (stream, peer) = await ConnectAsync();
        using var other = peer;
        var reading = stream.ReadAsync(new byte[16], Token).AsTask();
        var writing = stream.WriteAsync(new byte[10_000_000], Token).AsTask();
        Assert.False(reading.IsCompleted || writing.IsCompleted);
        await stream.DisposeAsync();
        await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(Patience, Token));
        await Assert.ThrowsAsync<IOException>(() => writing.WaitAsync(Patience, Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.ReadAsync(new byte[16], Token).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.WriteAsync(new byte[16], Token).AsTask());
        // Again: nothing.
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task Read_IsCancelled_TakesNothing()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        using var other = peer;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var reading = stream.ReadAsync(new byte[16], cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Patience, Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.ReadAsync(new byte[16], cancel.Token).AsTask());
        await peer.SendAsync("all of it"u8.ToArray(), Token);
        await ReceiveAsync(stream, "all of it"u8.ToArray()).WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Read_WithoutRoom_WaitsAndTakesNothing()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        using var other = peer;
        var waiting = stream.ReadAsync(Memory<byte>.Empty, Token).AsTask();
        Assert.False(waiting.IsCompleted);
        await peer.SendAsync("abc"u8.ToArray(), Token);
        Assert.Equal(0, await waiting.WaitAsync(Patience, Token));
        Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty, Token));
        await ReceiveAsync(stream, "abc"u8.ToArray()).WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Read_AnotherOneWaits_IsRefused()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        using var other = peer;
        var first = stream.ReadAsync(new byte[16], Token).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(() => stream.ReadAsync(new byte[16], Token).AsTask());
        await peer.SendAsync("x"u8.ToArray(), Token);
        Assert.Equal(1, await first.WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task ManyAtOnce_WhileOthersAreOpenedAndClosed_EachGetsItsOwn()
    {
        const int connections = 64, generations = 5, messages = 20;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async at =>
        {
            for (var generation = 0; generation < generations; generation++)
            {
                var (stream, peer) = await ConnectAsync();
                using var both = stream;
                using var other = new NetworkStream(peer, ownsSocket: true);
                for (var i = 0; i < messages; i++)
                {
                    var message = RandomNumberGenerator.GetBytes(1 + (at * i));
                    var answer = ReceiveAsync(stream, message);
                    await other.WriteAsync(message, Token);
                    await answer;
                }
            }
        })).WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Read_OwnerDecides_WhereItGoesOn()
    {
        var owner = new Owner();
        var (stream, peer) = await ConnectAsync(owner);
        using var both = stream;
        using var other = peer;
        foreach (var text in new[] { "here", "away", "here" })
        {
            var buffer = new byte[16];
            var reading = GoOnAsync(stream, buffer, count => Task.FromResult((Count: count, SocketWatcher.IsCurrent)));
            await peer.SendAsync(System.Text.Encoding.ASCII.GetBytes(text), Token);
            Assert.Equal((4, text == "here"), await reading.WaitAsync(Patience, Token));
        }
        Assert.Equal(["here", "away", "here"], owner.Seen);
    }

    [Fact]
    public async Task End_WhileNobodyReads_IsTold()
    {
        var owner = new Owner();
        var (stream, peer) = await ConnectAsync(owner);
        using var both = stream;
        peer.Dispose();
        await owner.Ended.Task.WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task End_BehindBytes_IsToldWhenTheyAreRead()
    {
        var owner = new Owner();
        var (stream, peer) = await ConnectAsync(owner);
        using var both = stream;
        using var other = peer;
        await peer.SendAsync("abcd"u8.ToArray(), Token);
        peer.Shutdown(SocketShutdown.Send);
        var buffer = new byte[2];
        Assert.Equal(2, await stream.ReadAsync(buffer, Token).AsTask().WaitAsync(Patience, Token));
        // Two bytes are left: whoever is told now would throw away what was asked for.
        Assert.False(owner.Ended.Task.IsCompleted);
        Assert.Equal(2, await stream.ReadAsync(buffer, Token).AsTask().WaitAsync(Patience, Token));
        await owner.Ended.Task.WaitAsync(Patience, Token);
        Assert.Equal(0, await stream.ReadAsync(buffer, Token).AsTask().WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task Write_WithoutWaiting_SendsWhatThereIsRoomForOrFails()
    {
        var (stream, peer) = await ConnectAsync();
        using var both = stream;
        using var other = peer;
        stream.Write("abc"u8.ToArray(), 1, 2);
        var buffer = new byte[16];
        Assert.Equal(2, await peer.ReceiveAsync(buffer, Token));
        Assert.Throws<IOException>(() => stream.Write(new byte[10_000_000], 0, 10_000_000));
    }

    [Fact]
    public async Task Write_PeerIsGone_AnOwnerIsToldByTheEndAlone()
    {
        var owner = new Owner();
        var (stream, peer) = await ConnectAsync(owner);
        var writing = stream.WriteAsync(new byte[10_000_000], Token).AsTask();
        peer.Dispose();
        await writing.WaitAsync(Patience, Token);
        await owner.Ended.Task.WaitAsync(Patience, Token);
        await stream.WriteAsync("nobody"u8.ToArray(), Token).AsTask().WaitAsync(Patience, Token);
        stream.Dispose();
        await stream.WriteAsync("nobody"u8.ToArray(), Token).AsTask().WaitAsync(Patience, Token);
        await Assert.ThrowsAsync<IOException>(() => stream.ReadAsync(new byte[16], Token).AsTask().WaitAsync(Patience, Token));
    }

    // What it goes on with is there before anything is sent, so that nothing else than the socket's watcher can go on with it. There,
    // neither the context nor the token of the test is known.
    private static async Task<T> GoOnAsync<T>(WatchedSocketStream stream, byte[] buffer, Func<int, Task<T>> next) =>
        await next(await stream.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false)).ConfigureAwait(false);

    private static async Task SendAsync(Stream stream, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length; at += 1_000_000)
            await stream.WriteAsync(bytes.AsMemory(at, Math.Min(1_000_000, bytes.Length - at)), Token);
    }

    private static async Task ReceiveAsync(Stream stream, byte[] expected)
    {
        var bytes = new byte[expected.Length];
        await stream.ReadExactlyAsync(bytes, Token);
        Assert.True(bytes.AsSpan().SequenceEqual(expected), "Other bytes came.");
    }

    private async Task<(WatchedSocketStream Stream, Socket Peer)> ConnectAsync(ISocketOwner? owner = null)
    {
        await turn.WaitAsync(Token);
        try
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            var accepting = listener.AcceptAsync(Token);
            await socket.ConnectAsync(address, Token);
            return (new WatchedSocketStream(socket, owner), await accepting);
        }
        finally
        {
            turn.Release();
        }
    }

    private sealed class Owner : ISocketOwner
    {
        public ConcurrentQueue<string> Seen { get; } = [];

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool GoesOnHere(ReadOnlySpan<byte> bytes)
        {
            Seen.Enqueue(System.Text.Encoding.ASCII.GetString(bytes));
            return bytes.StartsWith("here"u8);
        }

        // A second time would throw.
        public void End() => Ended.SetResult();
    }
}

using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Odin.Deployments;
using Odin.Server.Gateway;

namespace Odin.Server.Tests.Gateway;

/// <summary>What keeps requests off the threads that wait for models.</summary>
public sealed class WatcherDepartureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_BeginsOnAWatchersThread_GoesOnOnThePool()
    {
        using var directory = new TemporaryDirectory();
        var path = Path.Combine(directory.Path, "s");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        // A connection to a replica, as the gateway has it.
        using var replica = new HttpMessageInvoker(ReplicaEndpoint.CreateHandler(ReplicaEndpoint.OfSocket(path), watched: true));
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://replica/");
        var answer = replica.SendAsync(request, Token);
        using var accepted = await listener.AcceptAsync(Token);
        await accepted.ReceiveAsync(new byte[4096], Token);
        var (before, inside) = (false, true);
        var passed = GoOnAsync();
        // What waits is there before the answer comes.
        await accepted.SendAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), Token);
        await passed.WaitAsync(Patience, Token);
        Assert.True(before, "The answer has not come on the thread of a watcher.");
        Assert.False(inside, "The request has stayed on the thread of a watcher.");

        async Task GoOnAsync()
        {
            using var response = await answer.ConfigureAwait(false);
            before = SocketWatcher.IsCurrent;
            var departure = new WatcherDeparture(_ =>
            {
                inside = SocketWatcher.IsCurrent;
                return Task.CompletedTask;
            });
            await departure.InvokeAsync(new DefaultHttpContext());
        }
    }

    [Fact]
    public async Task Request_BeginsOnThePool_StaysOnItsThread()
    {
        var thread = 0;
        var departure = new WatcherDeparture(_ =>
        {
            thread = Environment.CurrentManagedThreadId;
            return Task.CompletedTask;
        });
        var own = Environment.CurrentManagedThreadId;
        await departure.InvokeAsync(new DefaultHttpContext());
        Assert.Equal(own, thread);
    }
}

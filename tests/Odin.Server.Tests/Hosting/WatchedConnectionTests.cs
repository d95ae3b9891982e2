using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Odin.Deployments;
using Odin.Server.Gateway;
using Odin.Server.Hosting;

namespace Odin.Server.Tests.Hosting;

/// <summary>Connections of clients, over Kestrel and real sockets: where their requests go on, and how they end.</summary>
public sealed class WatchedConnectionTests : IAsyncLifetime
{
    // Which one goes on where it arrives is certain only when the server has waited for it: before, it may be read by whoever looks.
    private const string Model = "GET /model/m HTTP/1.1\r\nHost: x\r\n\r\n", Other = "GET /where HTTP/1.1\r\nHost: x\r\n\r\n";
    private const int LongAnswer = 20_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WarningLog log = new();
    private WebApplication app = null!;
    private int port, read;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(new WatchedEndPoint(IPAddress.Loopback, 0), listener => listener.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1);
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddProvider(log);
        builder.Services.AddSingleton(new GatewayOptions()).AddSingleton<GatewayRequestLine>().AddSingleton<IConnectionListenerFactory, WatchedListenerFactory>();
        app = builder.Build();
        app.Use((context, next) => context.Request.Path.StartsWithSegments("/model") ? AnswerAsync(context, SocketWatcher.IsCurrent) : next(context));
        app.UseMiddleware<WatcherDeparture>();
        app.Run(ServeAsync);
        await app.StartAsync(Token);
        port = new Uri(app.Urls.Single()).Port;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task Requests_OneAfterTheOther_ModelsOnTheWatcherAndOthersOnThePool()
    {
        using var socket = await ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            await Eventually.True(async () => await AskAsync(socket, Model) is var text && text.EndsWith("watcher", StringComparison.Ordinal), "a request for a model goes on where it arrives");
            Assert.EndsWith("pool", await AskAsync(socket, Other), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Requests_SentTogether_TheServersOwnLeavesTheWatcher()
    {
        using var socket = await ConnectAsync();
        await Eventually.True(async () =>
        {
            var answers = await AskAsync(socket, Model + Other, answers: 2);
            Assert.EndsWith("pool", answers, StringComparison.Ordinal);
            return answers.Contains("watcher", StringComparison.Ordinal);
        }, "the first one goes on where it arrives");
    }

    [Fact]
    public async Task Body_ThatLooksLikeARequestForAModel_GoesOnOnThePool()
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\n");
        await begun.Task.WaitAsync(Patience, Token);
        Assert.EndsWith("pool", await AskAsync(socket, "GET /model/m "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_GoesAway_AbortsItsRequest()
    {
        var socket = await ConnectAsync();
        await SendAsync(socket, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n");
        await begun.Task.WaitAsync(Patience, Token);
        Assert.False(aborted.Task.IsCompleted);
        socket.Dispose();
        await aborted.Task.WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Client_EndsSendingBehindALongBody_HasAllOfItRead()
    {
        using var socket = await ConnectAsync();
        const int length = 3_000_000;
        await SendAsync(socket, $"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        await socket.SendAsync(new byte[length], Token);
        socket.Shutdown(SocketShutdown.Send);
        await Eventually.True(() => Volatile.Read(ref read) == length, "the whole body is read");
    }

    [Fact]
    public async Task Answer_LongerThanASocketHolds_ArrivesWholeAtASlowClient()
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, "GET /long HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        var (buffer, count) = (new byte[8192], 0);
        while (await socket.ReceiveAsync(buffer, Token).AsTask().WaitAsync(Patience, Token) is > 0 and var piece)
            count += piece;
        Assert.InRange(count, LongAnswer, LongAnswer + 1000);
    }

    [Fact]
    public async Task Client_GoesAwayInTheMiddleOfAnAnswer_IsNoMistakeInTheLog()
    {
        var socket = await ConnectAsync();
        await SendAsync(socket, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.True(await socket.ReceiveAsync(new byte[4096], Token).AsTask().WaitAsync(Patience, Token) > 0);
        // With what it has not read: a reset.
        socket.Dispose();
        await aborted.Task.WaitAsync(Patience, Token);
        await app.StopAsync(Token).WaitAsync(Patience, Token);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Client_GoesAwayInTheMiddleOfItsBody_IsNoMistakeInTheLog()
    {
        var socket = await ConnectAsync();
        await SendAsync(socket, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
        await begun.Task.WaitAsync(Patience, Token);
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
        await ended.Task.WaitAsync(Patience, Token);
        await app.StopAsync(Token).WaitAsync(Patience, Token);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task Client_ResetsWithBytesUnread_AbortsItsRequest()
    {
        var socket = await ConnectAsync();
        await SendAsync(socket, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n" + new string('x', 20_000));
        await begun.Task.WaitAsync(Patience, Token);
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
        await aborted.Task.WaitAsync(Patience, Token);
    }

    [Fact]
    public async Task Answer_BrokenOff_DoesNotLookWhole()
    {
        using var socket = await ConnectAsync();
        // Of the older protocol: the end of the connection is the end of the answer.
        await SendAsync(socket, "GET /broken HTTP/1.0\r\nHost: x\r\n\r\n");
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await socket.ReceiveAsync(new byte[4096], Token).AsTask().WaitAsync(Patience, Token) > 0)
            {
            }
        });
    }

    [Fact]
    public async Task Answer_ToMoreThanIsRead_ArrivesBeforeTheEnd()
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, "GET /where HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + new string('x', 60_000));
        var (buffer, text) = (new byte[4096], "");
        while (await socket.ReceiveAsync(buffer, Token).AsTask().WaitAsync(Patience, Token) is > 0 and var count)
            text += Encoding.ASCII.GetString(buffer, 0, count);
        Assert.EndsWith("pool\r\n0\r\n\r\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_Ends_ClosesIdleConnections()
    {
        using var socket = await ConnectAsync();
        await AskAsync(socket, Model);
        await app.StopAsync(Token).WaitAsync(Patience, Token);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[16], Token).AsTask().WaitAsync(Patience, Token));
    }

    [Fact]
    public async Task Address_Taken_IsSaid()
    {
        var factory = app.Services.GetRequiredService<IConnectionListenerFactory>();
        await Assert.ThrowsAsync<AddressInUseException>(() => factory.BindAsync(new WatchedEndPoint(IPAddress.Loopback, port), Token).AsTask());
    }

    private static Task AnswerAsync(HttpContext context, bool isWatcher) => context.Response.WriteAsync(isWatcher ? "watcher" : "pool", CancellationToken.None);

    private async Task ServeAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/body":
                begun.TrySetResult();
                var (buffer, isWatcher) = (new byte[64 << 10], false);
                try
                {
                    while (await context.Request.Body.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) is > 0 and var count)
                    {
                        isWatcher |= SocketWatcher.IsCurrent;
                        Interlocked.Add(ref read, count);
                    }
                }
                catch (IOException)
                {
                    ended.SetResult();
                    return;
                }
                await AnswerAsync(context, isWatcher);
                return;
            case "/hold":
                using (context.RequestAborted.Register(() => aborted.TrySetResult()))
                {
                    begun.TrySetResult();
                    await aborted.Task;
                }
                return;
            case "/endless":
                using (context.RequestAborted.Register(() => aborted.TrySetResult()))
                {
                    while (!aborted.Task.IsCompleted)
                        await context.Response.Body.WriteAsync(new byte[1 << 20], CancellationToken.None);
                }
                return;
            case "/broken":
                await context.Response.WriteAsync("the first part", CancellationToken.None);
                context.Abort();
                return;
            case "/long":
                context.Response.ContentLength = LongAnswer;
                await context.Response.Body.WriteAsync(new byte[LongAnswer], CancellationToken.None);
                return;
            default:
                await AnswerAsync(context, SocketWatcher.IsCurrent);
                return;
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, Token);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes(text), Token);

    // Answers are chunked, as nobody says how long they are; here without what ends them.
    private static async Task<string> AskAsync(Socket socket, string request, int answers = 1)
    {
        await SendAsync(socket, request);
        var (buffer, text) = (new byte[4096], "");
        while (text.Split("\r\n0\r\n\r\n").Length <= answers)
        {
            var count = await socket.ReceiveAsync(buffer, Token).AsTask().WaitAsync(Patience, Token);
            Assert.True(count > 0, $"The connection has ended after: {text}");
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }
        return text[..^"\r\n0\r\n\r\n".Length];
    }

    private sealed class WarningLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}

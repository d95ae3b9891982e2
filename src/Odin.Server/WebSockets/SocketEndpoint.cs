using System.Collections.Frozen;
using System.Net.WebSockets;
using Odin.Server.Auth;
using Odin.Server.Hosting;
using Odin.Server.Metrics;

namespace Odin.Server.WebSockets;

/// <summary>
/// The inherited WebSocket protocol (spec 5): one request a connection, one or more frames in answer, then close 1000.
/// </summary>
internal sealed partial class SocketEndpoint(
    IEnumerable<ISocketCommand> commands, TokenAuthenticator authenticator, RolePolicy roles, ServerMeters meters, TimeProvider time, ILogger<SocketEndpoint> logger)
{
    private static readonly TimeSpan FirstFrameLimit = TimeSpan.FromSeconds(30), CloseLimit = TimeSpan.FromSeconds(5);

    private readonly FrozenDictionary<string, ISocketCommand> commands = commands.ToFrozenDictionary(c => c.Name, StringComparer.Ordinal);

    public async Task AcceptAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            await Problem.WriteAsync(context, StatusCodes.Status426UpgradeRequired, "This address speaks WebSocket only.");
            return;
        }
        using var stop = StopToken.Create(context);
        using var socket = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext { KeepAliveInterval = TimeSpan.FromSeconds(20), KeepAliveTimeout = TimeSpan.FromSeconds(40) });
        var channel = new SocketChannel(socket);
        try
        {
            await ServeAsync(context, channel, stop.Token);
            await CloseAsync(channel, WebSocketCloseStatus.NormalClosure, null);
        }
        catch (MessageTooBigException)
        {
            await CloseAsync(channel, WebSocketCloseStatus.MessageTooBig, "The message is larger than 1 MiB.");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await CloseAsync(channel, WebSocketCloseStatus.EndpointUnavailable, "The server stops.");
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The client has left; a run that it started goes on.
        }
    }

    private async Task ServeAsync(HttpContext context, SocketChannel channel, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(FirstFrameLimit, time);
        using var first = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        SocketRequest request;
        try
        {
            if (await channel.ReceiveAsync(first.Token) is not { } frame)
                return;
            request = SocketRequest.Parse(frame);
        }
        catch (SocketRequestException e)
        {
            await channel.ErrorAsync(e.Message, cancellationToken);
            return;
        }

        channel.Extra = request.Extra;
        var (user, problem) = await IdentifyAsync(context, request, cancellationToken);
        if (problem is not null)
        {
            await channel.RefuseAsync(problem, cancellationToken);
            return;
        }
        if (!commands.TryGetValue(request.Command, out var command))
        {
            meters.Frame("unknown");
            await channel.RefuseAsync($"{request.Command} not found.", cancellationToken);
            return;
        }
        meters.Frame(command.Name);
        await RunAsync(command, new SocketCall(request, channel, user), cancellationToken);
    }

    private async ValueTask<Authentication> IdentifyAsync(HttpContext context, SocketRequest request, CancellationToken cancellationToken)
    {
        if (context.UserName() is { } known)
            return new Authentication(known, null);
        if (request.Token is { } token)
        {
            var sender = await authenticator.AuthenticateAsync(token, cancellationToken);
            return roles.MayUseSockets(sender.Roles) ? sender : new Authentication(null, "Forbidden");
        }
        return context.Items.ContainsKey(typeof(TokenOwed)) ? new Authentication(null, "Not authenticated") : default;
    }

    // A long answer must end when the client leaves, and only reading tells that it did.
    private async Task RunAsync(ISocketCommand command, SocketCall call, CancellationToken cancellationToken)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var closed = call.Channel.WaitForCloseAsync(left.Token);
        var work = AnswerAsync(command, call, left.Token);
        if (await Task.WhenAny(closed, work) == closed)
            await left.CancelAsync();
        await work;
        // The client answers our close with its own; the reader above must be gone before anybody else reads.
        await call.Channel.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        using var patience = new CancellationTokenSource(CloseLimit, time);
        await Task.WhenAny(closed, Task.Delay(Timeout.InfiniteTimeSpan, patience.Token));
        await left.CancelAsync();
        await closed;
    }

    private async Task AnswerAsync(ISocketCommand command, SocketCall call, CancellationToken cancellationToken)
    {
        try
        {
            await command.RunAsync(call, cancellationToken);
        }
        catch (SocketRequestException e)
        {
            await call.Channel.ErrorAsync(e.Message, cancellationToken);
        }
        catch (Exception e) when (e is not (WebSocketException or OperationCanceledException))
        {
            var (status, detail, _) = ErrorHandler.Describe(e);
            if (status == StatusCodes.Status500InternalServerError)
                LogFailed(e, command.Name);
            await call.Channel.ErrorAsync(detail, cancellationToken);
        }
    }

    private async Task CloseAsync(SocketChannel channel, WebSocketCloseStatus status, string? reason)
    {
        try
        {
            using var limit = new CancellationTokenSource(CloseLimit, time);
            await channel.CloseAsync(status, reason, limit.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // Nobody is there to hear it.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Unexpected error in the WebSocket command {Command}")]
    private partial void LogFailed(Exception exception, string command);
}

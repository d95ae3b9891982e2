using System.Buffers;
using System.Net;
using Odin.Deployments;

namespace Odin.Server.Gateway;

/// <summary>
/// Passes a request on to a replica and its answer back, both piece by piece. It is sent to another replica only where the first
/// one has not begun with it: it could not be reached, or has said so by 503 with <c>Retry-After</c>; and where nothing was to
/// be changed (GET, HEAD) also when it broke off.
/// </summary>
internal sealed partial class GatewayForwarder(ReplicaLine line, GatewayOptions options, GatewayMeters meters, TimeProvider time, ILogger<GatewayForwarder> logger)
{
    private const int PieceBytes = 64 << 10, MostAttempts = 8;

    /// <exception cref="GatewayException">The gateway has to answer by itself.</exception>
    /// <returns>Whether the client has got the whole answer.</returns>
    public async Task<bool> ForwardAsync(GatewayExchange exchange, GatewayTarget target, int recorded)
    {
        var context = exchange.Context;
        var wakeBy = time.GetUtcNow() + options.WakeTimeout;
        List<string> tried = [];
        (HttpResponseMessage Answer, Replica Replica)? refusal = null;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var replica = await line.EnterAsync(target, tried, wakeBy, context.RequestAborted);
                if (replica is null)
                    return await AnswerAsync(exchange, target, refusal!.Value.Replica, refusal.Value.Answer, recorded, deadline.Token);
                try
                {
                    // One for all attempts: it runs from the first one on.
                    if (attempt == 1)
                        deadline.CancelAfter(options.Timeout);
                    var response = await SendAsync(exchange, target, replica, attempt < MostAttempts, wakeBy, deadline.Token);
                    if (response is null)
                        continue;
                    if (IsRefusal(response) && exchange.Body is { IsWhole: true } && attempt < MostAttempts)
                    {
                        meters.Retry(target.Id, "refused");
                        tried.Add(replica.Id);
                        refusal?.Answer.Dispose();
                        refusal = (response, replica.Replica);
                        continue;
                    }
                    using (response)
                        return await AnswerAsync(exchange, target, replica.Replica, response, recorded, deadline.Token);
                }
                finally
                {
                    ReplicaLine.Leave(target, replica);
                }
            }
        }
        finally
        {
            refusal?.Answer.Dispose();
        }
    }

    // Null: it has not begun, and may be sent to another one.
    private async Task<HttpResponseMessage?> SendAsync(GatewayExchange exchange, GatewayTarget target, ReplicaClient replica, bool mayRepeat, DateTimeOffset wakeBy, CancellationToken deadline)
    {
        var context = exchange.Context;
        using var request = exchange.CreateRequest(replica.Address);
        try
        {
            // Goes on on the thread of a SocketWatcher: nothing from here on may block.
            var response = await replica.SendAsync(request, deadline);
            replica.Succeeded();
            return response;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            throw new GatewayException(StatusCodes.Status504GatewayTimeout, $"The model '{target.Id}' has not answered within {options.Timeout.TotalSeconds:0} s.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException)
        {
            // A client that goes away in the middle of its body is not the replica's fault.
            context.RequestAborted.ThrowIfCancellationRequested();
            if (exchange.Body.IsTooLong)
                throw TooLong();
            if (e is HttpRequestException { InnerException: BadHttpRequestException wrong })
                throw new GatewayException(wrong.StatusCode, wrong.Message);
            replica.Failed();
            var wasSent = e is not (ObjectDisposedException or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError });
            var isHarmless = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
            // What has reached nobody waits for a replica that can be reached, as if there were none.
            var mayAgain = wasSent ? isHarmless && mayRepeat : time.GetUtcNow() < wakeBy;
            if (!mayAgain || !exchange.Body.CanSend)
            {
                LogBroken(target.Id, replica.Id, e.Message);
                throw new GatewayException(
                    StatusCodes.Status502BadGateway, wasSent ? $"The model '{target.Id}' broke off: nobody knows whether it has done what was asked." : $"The model '{target.Id}' cannot be reached.");
            }
            meters.Retry(target.Id, wasSent ? "broken" : "unreachable");
            return null;
        }
    }

    /// <summary>The gateway's refusal of a long body.</summary>
    public GatewayException TooLong() => new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {options.MaxBodyBytes} bytes.");

    private static bool IsRefusal(HttpResponseMessage response) => response.StatusCode == HttpStatusCode.ServiceUnavailable && response.Headers.RetryAfter is not null;

    // False: the client has got the beginning, and knows that the rest is missing.
    private async Task<bool> AnswerAsync(GatewayExchange exchange, GatewayTarget target, Replica replica, HttpResponseMessage from, int recorded, CancellationToken cancellationToken)
    {
        var to = exchange.Context.Response;
        to.StatusCode = (int)from.StatusCode;
        GatewayHeaders.CopyResponse(from, to);
        // As the replica names itself that has answered: others of the deployment may be of another version.
        exchange.Model = GatewayHeaders.Name(to, exchange.Id, replica, target.Id);
        if (recorded > 0)
            exchange.Record = new BodyRecord(recorded, from.Content.Headers.ContentLength);
        if (HttpMethods.IsHead(exchange.Context.Request.Method))
            return true;
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            await using var stream = await from.Content.ReadAsStreamAsync(cancellationToken);
            var isLong = from.Content.Headers.ContentLength is null or > PieceBytes;
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                exchange.Record?.Add(buffer.AsSpan(0, count));
                // Encrypting much for one client would hold up the answers to others.
                if (isLong)
                    await SocketWatcher.LeaveAsync();
                await to.Body.WriteAsync(buffer.AsMemory(0, count), exchange.Context.RequestAborted);
            }
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !exchange.Context.RequestAborted.IsCancellationRequested))
        {
            LogBroken(target.Id, "", e.Message);
            exchange.Context.RequestAborted.ThrowIfCancellationRequested();
            if (!to.HasStarted)
                throw new GatewayException(e is OperationCanceledException ? StatusCodes.Status504GatewayTimeout : StatusCodes.Status502BadGateway, $"The model '{target.Id}' broke off in its answer.");
            // The client has the beginning: that the rest is missing must not look like an end.
            exchange.Context.Abort();
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The model '{Deployment}' broke off ({Replica}): {Reason}")]
    private partial void LogBroken(string deployment, string replica, string reason);
}

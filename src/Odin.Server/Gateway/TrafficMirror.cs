namespace Odin.Server.Gateway;

/// <summary>
/// Sends copies of requests to a mirror, whose answers nobody gets. It never holds up the request itself: what does not fit in
/// is left out and counted. A mirror that sleeps is woken, and misses what comes until then.
/// </summary>
internal sealed partial class TrafficMirror(RouteTable table, ReplicaLine line, GatewayOptions options, GatewayMeters meters, TimeProvider time, ILogger<TrafficMirror> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private int running;

    /// <summary>Sends a copy of the request, if the route has a mirror. Returns at once.</summary>
    public void Copy(GatewayExchange exchange)
    {
        if (exchange.Route.Spec.Mirror is not { Length: > 0 } mirror)
            return;
        if (!exchange.Body.IsWhole || table.FindTarget(mirror) is not { } target || !TryBegin())
        {
            meters.Mirror(mirror, "dropped");
            return;
        }
        // All of it is made here: the request of the client may be over at any moment.
        _ = SendAsync(target, exchange.CreateRequest("http://replica"), exchange.Target);
    }

    public void Dispose() => stopping.Dispose();

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => stopping.CancelAsync();

    private bool TryBegin()
    {
        if (Interlocked.Increment(ref running) <= options.MaxMirrors)
            return true;
        Interlocked.Decrement(ref running);
        return false;
    }

    private async Task SendAsync(GatewayTarget target, HttpRequestMessage request, string path)
    {
        await Task.Yield();
        target.Load.Arrive();
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            deadline.CancelAfter(options.Timeout);
            using (request)
            {
                if (await line.EnterAsync(target, [], time.GetUtcNow() + options.WakeTimeout, deadline.Token) is not { } replica)
                    return;
                try
                {
                    request.RequestUri = new Uri(replica.Address + path);
                    using var response = await replica.SendAsync(request, deadline.Token);
                    await response.Content.CopyToAsync(Stream.Null, deadline.Token);
                    meters.Mirror(target.Id, response.IsSuccessStatusCode ? "sent" : "failed");
                }
                finally
                {
                    ReplicaLine.Leave(target, replica);
                }
            }
        }
        // A mirror is tried out: whatever is wrong with it is nobody's trouble but its own.
        catch (Exception e)
        {
            meters.Mirror(target.Id, "failed");
            LogFailed(target.Id, e.Message);
        }
        finally
        {
            target.Load.Leave();
            Interlocked.Decrement(ref running);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "A copy for the mirror '{Deployment}' failed: {Reason}")]
    private partial void LogFailed(string deployment, string reason);
}

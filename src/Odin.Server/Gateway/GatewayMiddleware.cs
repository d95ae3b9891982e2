using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Feedback;
using Odin.Routes;
using Odin.Server.Auth;
using Route = Odin.Routes.Route;

namespace Odin.Server.Gateway;

/// <summary>
/// The way to the models: takes what is addressed to them out of the server's own requests, finds the route, checks who asks,
/// chooses the deployment, passes the request on, and records it.
/// </summary>
internal sealed partial class GatewayMiddleware(
    RequestDelegate next, RouteTable table, GatewayAccess access, GatewayForwarder forwarder, TrafficMirror mirror, PayloadCapture capture, GatewayOptions options, GatewayMeters meters, TimeProvider time,
    ILogger<GatewayMiddleware> logger)
{
    internal const string ModelPrefix = "/model";
    private const int ClientClosedRequest = 499;
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Task InvokeAsync(HttpContext context)
    {
        var path = context.Request.Path;
        var isOurs = path.StartsWithSegments(ModelPrefix, StringComparison.Ordinal) || (options.CustomPrefix.Length > 0 && path.StartsWithSegments(options.CustomPrefix, StringComparison.Ordinal));
        if (!isOurs && (options.CustomPrefix.Length > 0 || RoutePrefixes.IsServers(path.Value!)))
            return next(context);
        var match = table.Find(path.Value!);
        return match is not null ? ServeAsync(context, match.Value) : isOurs ? RefuseUnknownAsync(context) : next(context);
    }

    // The body stays empty: the inherited clients show what they get.
    private async Task RefuseUnknownAsync(HttpContext context)
    {
        if ((await access.EnterAsync(context)).MayEnter)
            context.Response.StatusCode = StatusCodes.Status404NotFound;
    }

    private async Task ServeAsync(HttpContext context, RouteMatch match)
    {
        var start = time.GetTimestamp();
        var id = GatewayHeaders.IdOf(context.Request);
        context.Response.Headers[GatewayHeaders.RequestId] = id;
        var deployment = match.Route.Spec.Targets[0].Deployment;
        try
        {
            var (mayEnter, caller) = await access.EnterAsync(context);
            if (!mayEnter)
                return;
            deployment = Choose(context, match.Route).Deployment;
            var target = table.FindTarget(deployment) ?? throw GatewayException.NoDeployment(deployment);
            var exchange = new GatewayExchange(context, match, id, caller?.Name, time.GetUtcNow());
            if (!access.MayCall(context, caller, target.View.Deployment, exchange.Path))
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }
            target.Load.Arrive();
            try
            {
                await PassAsync(exchange, target);
            }
            finally
            {
                target.Load.Leave();
            }
        }
        catch (GatewayException e)
        {
            await AnswerAsync(context, e.Status, e.Message, e.RetryAfter);
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(context, e.StatusCode, e.Message, null);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // Nobody reads the answer any more.
            if (!context.Response.HasStarted)
                context.Response.StatusCode = ClientClosedRequest;
        }
        catch (Exception e)
        {
            LogFailed(e, deployment, id);
            await AnswerAsync(context, StatusCodes.Status500InternalServerError, $"The gateway failed with this request; its log has the request id {id}.", null);
        }
        finally
        {
            meters.Request(deployment, context.Response.StatusCode, time.GetElapsedTime(start));
        }
    }

    private async Task PassAsync(GatewayExchange exchange, GatewayTarget target)
    {
        var context = exchange.Context;
        // Kestrel's own limit would break the connection in place of an answer.
        exchange.Body = await GatewayBody.ReadAsync(context.Request, options.BufferBytes, options.MaxBodyBytes, context.RequestAborted);
        if (exchange.Body.IsTooLong)
            throw forwarder.TooLong();
        mirror.Copy(exchange);
        var isRecorded = capture.IsEnabled && exchange.IsPrediction;
        var isWhole = await forwarder.ForwardAsync(exchange, target, isRecorded ? capture.BodyLimit : 0);
        if (isRecorded && isWhole)
            capture.TryAdd(exchange.Capture(capture.BodyLimit));
    }

    private static RouteTarget Choose(HttpContext context, Route route)
    {
        if (route.Spec.Targets is [var only])
            return only;
        if (route.Spec.Sticky is { Header: { } header } && context.Request.Headers[header].ToString() is { Length: > 0 } value)
            return TrafficSplitter.Choose(route.Spec.Targets, TrafficSplitter.PlaceOf(value));
        if (route.Spec.Sticky is { Cookie: { } cookie })
        {
            if (!context.Request.Cookies.TryGetValue(cookie, out var key) || key.Length == 0)
            {
                key = Guid.NewGuid().ToString("N");
                context.Response.Cookies.Append(cookie, key, new CookieOptions { Path = route.Spec.UrlPrefix, HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps });
            }
            return TrafficSplitter.Choose(route.Spec.Targets, TrafficSplitter.PlaceOf(key));
        }
        return TrafficSplitter.Choose(route.Spec.Targets, Random.Shared.NextDouble());
    }

    private static async Task AnswerAsync(HttpContext context, int status, string message, TimeSpan? retryAfter)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        // What an answer that failed has left.
        var id = context.Response.Headers[GatewayHeaders.RequestId];
        context.Response.Clear();
        context.Response.Headers[GatewayHeaders.RequestId] = id;
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        if (retryAfter is { } wait)
            context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await context.Response.WriteAsync(new JsonObject { ["message"] = message }.ToJsonString(Plain), CancellationToken.None);
    }

    [LoggerMessage(1, LogLevel.Error, "The gateway failed with a request to '{Deployment}' ({RequestId})")]
    private partial void LogFailed(Exception exception, string deployment, string requestId);
}

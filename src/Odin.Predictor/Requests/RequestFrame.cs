using Odin.Predictor.Hosting;
using Odin.Predictor.Metrics;

namespace Odin.Predictor.Requests;

/// <summary>What all requests have in common: identity, the model's name, figures, and errors that no endpoint has answered.</summary>
internal sealed class RequestFrame(RequestDelegate next, PredictorOptions options, PredictorMetrics metrics, TimeProvider time)
{
    private const int LongestId = 256;

    private readonly string name = Header(options.ModelName), version = Header(options.ModelVersion);

    public async Task InvokeAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var headers = context.Response.Headers;
        headers["Model-Name"] = name;
        headers["Model-Version"] = version;
        headers["Request-Id"] = Id(context.Request.Headers);
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed, ContentLength: null })
                await JsonAnswer.WriteErrorAsync(context, context.Response.StatusCode, Missing(context));
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await JsonAnswer.WriteErrorAsync(context, e.StatusCode, e.Message);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The client has gone: nobody is there to be answered. The code is the one that nginx has for it.
            context.Response.StatusCode = 499;
        }
        var endpoint = context.GetEndpoint()?.Metadata.GetMetadata<EndpointLabel>()?.Name ?? "other";
        metrics.CountRequest(endpoint, context.Response.StatusCode, time.GetElapsedTime(started));
    }

    // Headers are ASCII; a name in other letters is written as in a URL.
    private static string Header(string text) => text.Any(c => c is < ' ' or > '~') ? Uri.EscapeDataString(text) : text;

    private static string Id(IHeaderDictionary headers)
    {
        foreach (var header in new[] { "Request-Id", "X-Request-Id" })
        {
            // Of other characters no header can be made.
            if (headers[header] is [{ Length: > 0 and <= LongestId } id] && !id.Any(c => c is < '!' or > '~'))
                return id;
        }
        return Guid.NewGuid().ToString();
    }

    private static string Missing(HttpContext context) => context.Response.StatusCode == StatusCodes.Status404NotFound
        ? $"There is no '{context.Request.Path}' here; see GET /api/model/info."
        : $"'{context.Request.Path}' has no method {context.Request.Method}; it has {context.Response.Headers.Allow}.";
}

/// <summary>What figures call an endpoint.</summary>
internal sealed record EndpointLabel(string Name);

using Microsoft.AspNetCore.Routing;

namespace Odin.Server.Metrics;

/// <summary>Measures every request by its route, never by its path: paths have as many values as there are runs.</summary>
internal sealed class RequestMeasuring(RequestDelegate next, ServerMeters meters, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var start = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "other";
            meters.Request(Method(context.Request.Method), route, context.Response.StatusCode, time.GetElapsedTime(start));
        }
    }

    // A client may send any word as its method.
    private static string Method(string method) =>
        method is "GET" or "HEAD" or "POST" or "PUT" or "DELETE" or "OPTIONS" or "PATCH" ? method : "other";
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace Odin.Server.Hosting;

/// <summary>One server-sent event.</summary>
/// <param name="Type">Null: the default type, <c>message</c>.</param>
/// <param name="Data">May have several lines.</param>
internal sealed record StreamEvent(string? Type, string Data)
{
    public static StreamEvent Json<T>(string type, T value, JsonTypeInfo<T> info) => new(type, JsonSerializer.Serialize(value, info));
}

/// <summary>
/// Answers with server-sent events until they end, the client leaves, or the server stops. A comment every 15 s keeps
/// proxies from closing a quiet stream.
/// </summary>
internal sealed class EventStream(Func<CancellationToken, IAsyncEnumerable<StreamEvent>> open) : IResult
{
    public const string ContentType = "text/event-stream";

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var stop = StopToken.Create(httpContext);
        var response = httpContext.Response;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.Body.FlushAsync(stop.Token);

        var time = httpContext.RequestServices.GetRequiredService<TimeProvider>();
        await using var events = open(stop.Token).GetAsyncEnumerator(stop.Token);
        try
        {
            var next = events.MoveNextAsync().AsTask();
            var beat = Task.Delay(Heartbeat, time, stop.Token);
            while (true)
            {
                while (!next.IsCompleted && await Task.WhenAny(next, beat) != next)
                {
                    beat = Task.Delay(Heartbeat, time, stop.Token);
                    await response.Body.WriteAsync(": still here\n\n"u8.ToArray(), stop.Token);
                    await response.Body.FlushAsync(stop.Token);
                }
                if (!await next)
                    return;
                await response.Body.WriteAsync(Encode(events.Current), stop.Token);
                next = events.MoveNextAsync().AsTask();
                // What is there already goes out together.
                if (!next.IsCompleted)
                    await response.Body.FlushAsync(stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client has left or the server stops: there is nobody to tell.
        }
    }

    private static byte[] Encode(StreamEvent item)
    {
        var text = new StringBuilder();
        if (item.Type is not null)
            text.Append("event: ").Append(item.Type).Append('\n');
        foreach (var line in item.Data.ReplaceLineEndings("\n").Split('\n'))
            text.Append("data: ").Append(line).Append('\n');
        return Encoding.UTF8.GetBytes(text.Append('\n').ToString());
    }
}

internal static class StopToken
{
    /// <summary>Cancelled when the client leaves or the server stops; for answers that have no end of their own.</summary>
    public static CancellationTokenSource Create(HttpContext context) => CancellationTokenSource.CreateLinkedTokenSource(
        context.RequestAborted,
        context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
}

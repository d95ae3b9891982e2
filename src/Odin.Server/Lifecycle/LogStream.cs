using Microsoft.AspNetCore.Http.Features;
using Odin.Server.Hosting;

namespace Odin.Server.Lifecycle;

/// <summary>Sends a log as it comes.</summary>
internal sealed class LogStream(Func<CancellationToken, IAsyncEnumerable<ReadOnlyMemory<byte>>> read) : IResult
{
    /// <summary>A truth value as Go reads it, and as Python writes it.</summary>
    public static bool ReadFlag(string? text) => text switch
    {
        null or "" or "0" or "f" or "F" or "false" or "False" or "FALSE" => false,
        "1" or "t" or "T" or "true" or "True" or "TRUE" => true,
        _ => throw LifecycleException.BadRequest($"Convert {text} to bool"),
    };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var stop = StopToken.Create(httpContext);
        httpContext.Response.ContentType = "text/plain; charset=utf-8";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await httpContext.Response.StartAsync(stop.Token);
            await foreach (var piece in read(stop.Token))
                await httpContext.Response.BodyWriter.WriteAsync(piece, stop.Token);
            await httpContext.Response.BodyWriter.FlushAsync(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client has left or the server stops: there is nobody to tell.
        }
    }
}

using System.Buffers;
using System.Text.Json;
using Odin.Feedback;
using Odin.Server.Hosting;

namespace Odin.Server.Feedback;

/// <summary>
/// Predictions, each a line of JSON, as they are read. Nothing is sent before the first one, so that an error then still has its status.
/// When the server stops, it breaks off.
/// </summary>
internal sealed class JoinAnswer(Func<CancellationToken, IAsyncEnumerable<JudgedPrediction>> read) : IResult
{
    private const int FlushBytes = 64 << 10;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var stop = StopToken.Create(httpContext);
        try
        {
            await SendAsync(httpContext.Response, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What has come must not look like all of it. Where nothing has, it is said.
            if (httpContext.Response.HasStarted)
                httpContext.Abort();
            else
                httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    private async Task SendAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        await using var lines = read(cancellationToken).GetAsyncEnumerator(cancellationToken);
        var hasMore = await lines.MoveNextAsync();
        response.ContentType = "application/x-ndjson; charset=utf-8";
        var writer = response.BodyWriter;
        while (hasMore)
        {
            writer.Write(Write(lines.Current));
            writer.Write("\n"u8);
            if (writer.UnflushedBytes >= FlushBytes)
                await writer.FlushAsync(cancellationToken);
            hasMore = await lines.MoveNextAsync();
        }
        await writer.FlushAsync(cancellationToken);
    }

    private static byte[] Write(JudgedPrediction prediction)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(JoinedWire.From(prediction, asText: false), RelaxedFeedbackJson.Context.JoinedWire);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // JSON with half of a character in it can be read and not be written.
            return JsonSerializer.SerializeToUtf8Bytes(JoinedWire.From(prediction, asText: true), RelaxedFeedbackJson.Context.JoinedWire);
        }
    }
}

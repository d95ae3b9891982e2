using System.Buffers;
using System.Diagnostics;
using System.Text.Json;

namespace Odin.Server.Runs;

/// <summary>
/// One run with its tasks as JSON: a <see cref="PipelineAnswer"/>, put together from the rows' own JSON, so that ten
/// thousand tasks cost no more than copying them.
/// </summary>
internal sealed class RunAnswer(RunSnapshot snapshot) : IResult
{
    private const int FlushBytes = 256 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var pipeline = PipelineWire.From(snapshot.Run, null) with { Progress = snapshot.Progress };
        var frame = JsonSerializer.SerializeToUtf8Bytes(new PipelineAnswer(pipeline, []), RunFeedJson.Relaxed.PipelineAnswer);
        // Within a string the quotes would be escaped, so that this is the member and nothing else.
        var cut = frame.AsSpan().IndexOf("\"tasks\":["u8) + "\"tasks\":["u8.Length;
        Debug.Assert(frame[cut] == (byte)']');
        TaskRow[] rows = [.. snapshot.InShownOrder];

        var response = httpContext.Response;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = frame.Length + rows.Sum(r => (long)r.Json.Length) + Math.Max(0, rows.Length - 1);
        var writer = response.BodyWriter;
        var pending = cut;
        writer.Write(frame.AsSpan(0, cut));
        for (var i = 0; i < rows.Length; i++)
        {
            if (i > 0)
                writer.Write(","u8);
            writer.Write(rows[i].Json);
            pending += rows[i].Json.Length;
            if (pending < FlushBytes)
                continue;
            await writer.FlushAsync(httpContext.RequestAborted);
            pending = 0;
        }
        writer.Write(frame.AsSpan(cut));
        await writer.FlushAsync(httpContext.RequestAborted);
    }
}

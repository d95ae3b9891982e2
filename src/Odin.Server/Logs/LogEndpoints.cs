using System.Buffers;
using System.ComponentModel;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Odin.Runs;
using Odin.Server.Hosting;
using Odin.Server.Runs;

namespace Odin.Server.Logs;

/// <summary>Logs over REST: as a JSON string for the inherited client, as text, or followed by server-sent events.</summary>
internal static class LogEndpoints
{
    public static void MapLogs(this IEndpointRouteBuilder v1)
    {
        v1.MapGet("/resources/{id}/logs", ReadAsync).WithTags("Resources").WithName("ReadLogs")
            .WithSummary("The output of a task, of all tasks of a run, or of a pod, a service or a deployment")
            .WithDescription(
                "By the header Accept: 'text/event-stream' one event a line, then the event 'end'; 'text/plain' text as it comes; "
                + "otherwise one JSON string, which cannot be followed.")
            .Produces<string>(StatusCodes.Status200OK, "application/json", "text/plain", EventStream.ContentType)
            .ProducesProblem(StatusCodes.Status404NotFound);
        // As the inherited client writes svc/NAME.
        v1.MapGet("/resources/{type}/{name}/logs", ReadNamedAsync).ExcludeFromDescription();
    }

    private static Task<IResult> ReadNamedAsync(
        string type, string name, HttpContext context, RunLogs logs, bool? follow, int? lines, string? container, CancellationToken cancellationToken) =>
        ReadAsync($"{type}/{name}", context, logs, follow, lines, container, cancellationToken);

    private static async Task<IResult> ReadAsync(
        string id,
        HttpContext context,
        RunLogs logs,
        [Description("true: go on until the task has ended")] bool? follow,
        [Description("only so many of the last lines of each task or pod")] int? lines,
        [Description("which container of a pod that is not a task's")] string? container,
        CancellationToken cancellationToken)
    {
        if (lines < 0)
            throw new InvalidRequestException(new ProblemItem("WrongValue", "'lines' must not be negative.") { Location = "lines" });
        id = RecordEndpoints.Decode(id);
        var request = new LogRequest(follow == true, lines, container);
        var accepted = context.Request.GetTypedHeaders().Accept.Select(a => a.MediaType.Value).ToList();
        var asEvents = accepted.Contains(EventStream.ContentType, StringComparer.OrdinalIgnoreCase);
        var asText = accepted.Contains("text/plain", StringComparer.OrdinalIgnoreCase);

        // Only the JSON string has the inherited heading over the log of a single task.
        var text = asEvents || asText
            ? await logs.FindAsync(id, request, cancellationToken)
            : await logs.FindSnapshotAsync(id, request, cancellationToken);
        if (text is null)
            return RecordEndpoints.NoSuchResource(id);
        return asEvents ? new EventStream(token => EventsAsync(text, token)) : new LogText(text, asJson: !asText);
    }

    private static async IAsyncEnumerable<StreamEvent> EventsAsync(
        IAsyncEnumerable<string> text, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var piece in text.WithCancellation(cancellationToken))
            yield return new StreamEvent(null, piece.TrimEnd('\r', '\n'));
        yield return new StreamEvent("end", "");
    }

    /// <summary>Writes a log as it is read, so that its size does not matter.</summary>
    private sealed class LogText(IAsyncEnumerable<string> text, bool asJson) : IResult
    {
        private const int FlushBytes = 64 * 1024;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            using var stop = StopToken.Create(httpContext);
            httpContext.Response.ContentType = asJson ? "application/json; charset=utf-8" : "text/plain; charset=utf-8";
            httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            try
            {
                await (asJson ? WriteJsonAsync(httpContext.Response, stop.Token) : WriteTextAsync(httpContext.Response, stop.Token));
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // The client has left or the server stops: there is nobody to tell.
            }
        }

        private async Task WriteTextAsync(HttpResponse response, CancellationToken cancellationToken)
        {
            await response.StartAsync(cancellationToken);
            await using var pieces = text.GetAsyncEnumerator(cancellationToken);
            var pending = 0L;
            for (var next = pieces.MoveNextAsync().AsTask(); await FlushBeforeWaiting(next); next = pieces.MoveNextAsync().AsTask())
                pending += Encoding.UTF8.GetBytes(pieces.Current, response.BodyWriter);
            await response.BodyWriter.FlushAsync(cancellationToken);

            async Task<bool> FlushBeforeWaiting(Task<bool> next)
            {
                if (!next.IsCompleted || pending > FlushBytes)
                {
                    await response.BodyWriter.FlushAsync(cancellationToken);
                    pending = 0;
                }
                return await next;
            }
        }

        private async Task WriteJsonAsync(HttpResponse response, CancellationToken cancellationToken)
        {
            await using var json = new Utf8JsonWriter(
                response.BodyWriter, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            var pending = 0;
            await foreach (var piece in text.WithCancellation(cancellationToken))
            {
                json.WriteStringValueSegment(piece, isFinalSegment: false);
                pending += piece.Length;
                if (pending < FlushBytes)
                    continue;
                pending = 0;
                await json.FlushAsync(cancellationToken);
                await response.BodyWriter.FlushAsync(cancellationToken);
            }
            json.WriteStringValueSegment("", isFinalSegment: true);
            await json.FlushAsync(cancellationToken);
        }
    }
}

using System.Buffers;
using System.Text.Json;

namespace Odin.Predictor.Requests;

/// <summary>Writes JSON answers.</summary>
internal static class JsonAnswer
{
    // Texts for people: quotes and accents stay as they are; nothing of it goes into HTML.
    private static readonly JsonWriterOptions ForPeople = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>{"message": …}</c>, or <c>{"error": …}</c> for the Open Inference Protocol.</summary>
    public static Task WriteErrorAsync(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        // These were never run, so they may be sent again, or elsewhere.
        if (code == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        var name = context.Request.Path.StartsWithSegments("/v2") ? "error"u8.ToArray() : "message"u8.ToArray();
        return WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString(name, message);
            json.WriteEndObject();
        });
    }

    public static Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, ForPeople))
            write(json);
        return WriteAsync(context, buffer.WrittenMemory);
    }

    public static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

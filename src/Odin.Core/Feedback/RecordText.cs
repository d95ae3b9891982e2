using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Odin.Feedback;

/// <summary>
/// Writes records as JSON in one line each, with the inherited names. A body that is no UTF-8 is written as base64 and marked with
/// <c>…_encoding</c>; one that was cut off, with <c>truncated</c>. For one user at a time; what it gives holds until the next call.
/// </summary>
internal sealed class RecordText : IDisposable
{
    // More than that is given back after use.
    private const int KeptScratch = 1 << 20;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly FrozenSet<string> prohibited;
    private readonly int bodyLimit;
    private ArrayBufferWriter<byte> scratch = new(16 << 10);
    private Utf8JsonWriter json;

    public RecordText(FeedbackOptions options)
    {
        prohibited = options.ProhibitedHeaders.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        bodyLimit = options.BodyLimit;
        json = new Utf8JsonWriter(scratch, Options);
    }

    public ReadOnlySpan<byte> WriteRequest(CapturedExchange exchange)
    {
        Begin();
        json.WriteString("request_id"u8, exchange.RequestId);
        WriteHeaders("request_http_headers", exchange.RequestHeaders);
        WriteBody("request_content", exchange.Request);
        json.WriteString("request_uri"u8, exchange.Uri);
        json.WriteString("response_status"u8, exchange.Status == 0 ? "" : exchange.Status.ToString(CultureInfo.InvariantCulture));
        WriteHeaders("response_http_headers", exchange.ResponseHeaders);
        json.WriteString("request_host"u8, exchange.Host);
        json.WriteString("model_version"u8, exchange.ModelVersion);
        json.WriteString("model_name"u8, exchange.ModelName);
        json.WriteString("request_http_method"u8, exchange.Method);
        return End(exchange.Time);
    }

    public ReadOnlySpan<byte> WriteResponse(CapturedExchange exchange)
    {
        Begin();
        json.WriteString("request_id"u8, exchange.RequestId);
        json.WriteString("model_version"u8, exchange.ModelVersion);
        json.WriteString("model_name"u8, exchange.ModelName);
        WriteBody("response_content", exchange.Response);
        return End(exchange.Time);
    }

    public ReadOnlySpan<byte> WriteFeedback(FeedbackRecord record)
    {
        Begin();
        json.WriteString("request_id"u8, record.RequestId);
        json.WriteString("model_version"u8, record.ModelVersion);
        json.WriteString("model_name"u8, record.ModelName);
        json.WritePropertyName("payload"u8);
        json.WriteRawValue(record.Payload.Span, skipInputValidation: true);
        return End(record.Time);
    }

    public void Dispose() => json.Dispose();

    private void Begin()
    {
        if (scratch.Capacity > KeptScratch)
        {
            json.Dispose();
            scratch = new ArrayBufferWriter<byte>(16 << 10);
            json = new Utf8JsonWriter(scratch, Options);
        }
        scratch.ResetWrittenCount();
        json.Reset();
        json.WriteStartObject();
    }

    private ReadOnlySpan<byte> End(DateTimeOffset time)
    {
        json.WriteString("time"u8, time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss' +0000'", CultureInfo.InvariantCulture));
        json.WriteEndObject();
        json.Flush();
        scratch.Write("\n"u8);
        return scratch.WrittenSpan;
    }

    private void WriteHeaders(string name, IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        json.WriteStartObject(name);
        for (var i = 0; i < headers.Count; i++)
        {
            var (key, value) = headers[i];
            if (prohibited.Contains(key) || IsRepeated(headers, i))
                continue;
            json.WriteString(LowerCase(key), AllOf(headers, i) ?? value);
        }
        json.WriteEndObject();
    }

    private void WriteBody(string name, CapturedBody body)
    {
        var bytes = body.Bytes.Span;
        var isTruncated = body.IsTruncated || bytes.Length > bodyLimit;
        if (bytes.Length > bodyLimit)
            bytes = bytes[..bodyLimit];
        var text = isTruncated ? WithoutTorn(bytes) : bytes;
        if (Utf8.IsValid(text))
        {
            json.WriteString(name, text);
        }
        else
        {
            json.WriteBase64String(name, bytes);
            json.WriteString($"{name}_encoding", "base64"u8);
        }
        if (isTruncated)
            json.WriteBoolean("truncated"u8, true);
    }

    // A cut may go through a character, of which at most three bytes are left.
    private static ReadOnlySpan<byte> WithoutTorn(ReadOnlySpan<byte> bytes)
    {
        for (var left = 1; left <= Math.Min(3, bytes.Length); left++)
        {
            var lead = bytes[^left];
            if ((lead & 0xC0) == 0x80)
                continue;
            var needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
            return needed > left ? bytes[..^left] : bytes;
        }
        return bytes;
    }

    // The names are few and come again and again; HTTP/2 has them in lower case anyway.
    private static string LowerCase(string name) => name.AsSpan().ContainsAnyInRange('A', 'Z') ? name.ToLowerInvariant() : name;

    private static bool IsRepeated(IReadOnlyList<KeyValuePair<string, string>> headers, int index)
    {
        for (var i = 0; i < index; i++)
        {
            if (headers[i].Key.Equals(headers[index].Key, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    // Null: there is no other one of that name.
    private static string? AllOf(IReadOnlyList<KeyValuePair<string, string>> headers, int first)
    {
        StringBuilder? all = null;
        for (var i = first + 1; i < headers.Count; i++)
        {
            if (headers[i].Key.Equals(headers[first].Key, StringComparison.OrdinalIgnoreCase))
                (all ??= new StringBuilder(headers[first].Value)).Append(", ").Append(headers[i].Value);
        }
        return all?.ToString();
    }
}

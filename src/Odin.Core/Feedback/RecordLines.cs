using System.Runtime.CompilerServices;
using System.Text.Json;
using Odin.Connections;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>Reads the lines of an object of records, one after the other.</summary>
internal static class RecordLines
{
    private const int FirstBuffer = 64 << 10, LongestLine = 256 << 20;

    // Feedback is nested at most half as deep; older records, and those of other systems, may be deeper.
    private static readonly JsonReaderOptions Patient = new() { MaxDepth = 128 };

    /// <summary>Each line without its line break; it holds until the next one is asked for.</summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(OpenedStorage opened, string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var content = await opened.Storage.OpenAsync(key, cancellationToken);
        var buffer = new byte[FirstBuffer];
        // What is read lies from start to end; up to seen there is no line break.
        var (start, seen, end) = (0, 0, 0);
        while (true)
        {
            var length = buffer.AsSpan(seen, end - seen).IndexOf((byte)'\n');
            if (length >= 0)
            {
                yield return buffer.AsMemory(start, seen + length - start);
                start = seen = seen + length + 1;
                continue;
            }
            seen = end;
            if (start > 0)
            {
                buffer.AsSpan(start, end - start).CopyTo(buffer);
                (start, seen, end) = (0, seen - start, end - start);
            }
            if (end == buffer.Length)
                buffer = Larger(buffer, key);
            var count = await content.ReadAsync(buffer.AsMemory(end), cancellationToken);
            end += count;
            if (count > 0)
                continue;
            if (end > start)
                yield return buffer.AsMemory(start, end - start);
            yield break;
        }
    }

    /// <summary>The record; null: the line is no record, such as one that was cut off.</summary>
    public static JsonElement? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line.Span, Patient);
            return JsonElement.ParseValue(ref reader) is { ValueKind: JsonValueKind.Object } record && RequestIdOf(record).Length > 0 ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string RequestIdOf(JsonElement record) => Text(record, "request_id") ?? "";

    public static string? Text(JsonElement record, string name) =>
        record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? SafeText(value) : null;

    /// <summary>The request of a record without reading all of it: it is the first member, where we have written it.</summary>
    public static string? PeekRequestId(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line, Patient);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject
                && reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("request_id"u8)
                && reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // Bytes that are no text have come from somebody else.
    private static string? SafeText(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static byte[] Larger(byte[] buffer, string key)
    {
        if (buffer.Length >= LongestLine)
            throw new ObjectStorageException($"The object '{key}' has a line of more than {LongestLine} bytes, which is no record.", isPassing: false);
        var larger = new byte[buffer.Length * 2];
        buffer.CopyTo(larger, 0);
        return larger;
    }
}

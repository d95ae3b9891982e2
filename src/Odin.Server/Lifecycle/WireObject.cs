using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Server.Hosting;

namespace Odin.Server.Lifecycle;

/// <summary>
/// A JSON object of the inherited API, read as its clients write it: names in any case, null for what is not there, numbers and
/// truth values where texts are expected. Members that nobody asks for do no harm; which those are can be asked.
/// </summary>
internal sealed class WireObject
{
    private const int MaxBytes = 4 << 20;
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    private readonly JsonObject json;
    private readonly string path;
    private readonly WireMembers members;

    private WireObject(JsonObject json, string path, WireMembers members)
    {
        (this.json, this.path, this.members) = (json, path, members);
        members.Add(json, path);
    }

    public static WireObject Empty => new([], "", new WireMembers());

    /// <summary>What it has that nobody has asked for so far, each with its place; the first of many.</summary>
    public IReadOnlyList<string> FindUnknown() => members.FindUnknown();

    /// <summary>The body of a request, whatever its content type says.</summary>
    public static async Task<WireObject> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        await ReadNodeAsync(request, cancellationToken) is JsonObject json ? new WireObject(json, "", new WireMembers()) : throw LifecycleException.BadRequest("the body must be a JSON object");

    /// <summary>The same for a body that is a list of objects.</summary>
    public static async Task<IReadOnlyList<WireObject>> ReadListAsync(HttpRequest request, CancellationToken cancellationToken) =>
        await ReadNodeAsync(request, cancellationToken) is JsonArray list && list.All(i => i is JsonObject)
            ? [.. list.Select((item, i) => new WireObject((JsonObject)item!, $"[{i}]", new WireMembers()))]
            : throw LifecycleException.BadRequest("the body must be a list of JSON objects");

    /// <summary>The same for a body that may be of another form.</summary>
    public static async Task<JsonNode?> ReadNodeAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await new LimitedStream(request.Body, MaxBytes).CopyToAsync(buffer, cancellationToken);
        var bytes = buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        if (bytes.Span.Trim(" \t\r\n"u8).IsEmpty)
            throw LifecycleException.BadRequest("EOF");
        try
        {
            return JsonNode.Parse(bytes.Span, documentOptions: Options);
        }
        catch (JsonException e)
        {
            throw LifecycleException.BadRequest(IsTruncated(bytes.Span)
                ? "unexpected EOF"
                : $"the body is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message.Split(" Path:", 2)[0]}");
        }
        catch (ArgumentException)
        {
            throw LifecycleException.BadRequest("the body has a member twice");
        }
    }

    /// <summary>A text; empty if it is absent.</summary>
    public string Text(string name) => NullableText(name) ?? "";

    /// <summary>A text; null if it is absent.</summary>
    public string? NullableText(string name) => AsText(Find(name), name);

    /// <summary>A text; null if it is absent or empty.</summary>
    public string? FilledText(string name) => NullableText(name) is { Length: > 0 } text ? text : null;

    /// <summary>A text by its name or by the older one; empty if neither is there.</summary>
    public string Text(string name, string older)
    {
        var (text, before) = (FilledText(name), Text(older));
        return text ?? before;
    }

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        var other => throw Wrong(other, name, "true or false"),
    };

    /// <summary>A whole number of 32 bits; null if it is absent.</summary>
    public int? Integer(string name) => Find(name) switch
    {
        null => null,
        JsonValue value when value.TryGetValue<int>(out var number) => number,
        var other => throw Wrong(other, name, "a whole number of 32 bits"),
    };

    /// <summary>An object; null if it is absent.</summary>
    public WireObject? Object(string name) => Find(name) switch
    {
        null => null,
        JsonObject inner => new WireObject(inner, At(name), members),
        var other => throw Wrong(other, name, "an object"),
    };

    /// <summary>An object as it is; null if it is absent.</summary>
    public JsonObject? Json(string name) => Find(name) switch
    {
        null => null,
        JsonObject inner => (JsonObject)inner.DeepClone(),
        var other => throw Wrong(other, name, "an object"),
    };

    /// <summary>Any value as it is.</summary>
    public JsonNode? Value(string name) => Find(name)?.DeepClone();

    public IReadOnlyList<WireObject> Objects(string name) =>
        [.. List(name).Select((item, i) => item is JsonObject inner ? new WireObject(inner, $"{At(name)}[{i}]", members) : throw Wrong(item, $"{name}[{i}]", "an object"))];

    public IReadOnlyList<string> Texts(string name) =>
        [.. List(name).Select((item, i) => AsText(item, $"{name}[{i}]") ?? "")];

    /// <summary>Texts by name; null if it is absent or empty.</summary>
    public IReadOnlyDictionary<string, string>? Map(string name) =>
        Json(name) is not { Count: > 0 } json ? null : json.ToDictionary(p => p.Key, p => AsText(p.Value, $"{name}.{p.Key}") ?? "", StringComparer.Ordinal);

    private string At(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private string? AsText(JsonNode? node, string name) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => null,
        JsonValueKind.String => node.GetValue<string>(),
        JsonValueKind.Number => node.ToJsonString(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw Wrong(node, name, "a string"),
    };

    private JsonArray List(string name) => Find(name) switch
    {
        null => [],
        JsonArray list => list,
        var other => throw Wrong(other, name, "a list"),
    };

    private JsonNode? Find(string name)
    {
        members.Ask(json, name);
        if (json.TryGetPropertyValue(name, out var exact))
            return exact;
        foreach (var (key, value) in json)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return value;
        }
        return null;
    }

    private LifecycleException Wrong(JsonNode? given, string name, string expected) =>
        new(StatusCodes.Status400BadRequest, $"json: cannot take {Describe(given)} for {At(name)}: it must be {expected}") { IsUnread = true };

    private static string Describe(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Number => "a number",
        JsonValueKind.String => "a string",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        _ => "null",
    };

    // Whether more of the same could still become JSON.
    private static bool IsTruncated(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = Options.MaxDepth }));
        try
        {
            while (reader.Read())
            {
            }
            return reader.CurrentDepth > 0 || reader.BytesConsumed < bytes.Length;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

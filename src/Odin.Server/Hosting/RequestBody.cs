using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Server.Hosting;

/// <summary>The request is understood but wrong; answered with 422 and every item.</summary>
internal sealed class InvalidRequestException(params ProblemItem[] items) : Exception(string.Join(' ', items.Select(i => i.Message)))
{
    public IReadOnlyList<ProblemItem> Items { get; } = items;
}

/// <summary>The request cannot be understood at all; answered with 400.</summary>
internal sealed class MalformedRequestException(string message) : Exception(message);

/// <summary>
/// Reads JSON bodies by hand: two generations of clients send the same thing wrapped or bare, in camelCase or snake_case.
/// </summary>
internal static class RequestBody
{
    private const int MaxBytes = 4 * 1024 * 1024;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>The JSON object in the body.</summary>
    /// <exception cref="MalformedRequestException">It is something else.</exception>
    public static async Task<JsonObject> ReadObjectAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > MaxBytes)
            throw LimitedStream.TooLarge(MaxBytes);
        try
        {
            var node = await JsonNode.ParseAsync(
                new LimitedStream(request.Body, MaxBytes), documentOptions: Options, cancellationToken: cancellationToken);
            return node as JsonObject ?? throw new MalformedRequestException("The body must be a JSON object.");
        }
        catch (JsonException e)
        {
            throw new MalformedRequestException(
                $"The body is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {FirstSentence(e.Message)}");
        }
    }

    /// <summary>The object below <paramref name="wrapper"/>, or the body itself when it came without the wrapper.</summary>
    public static JsonObject Unwrap(this JsonObject body, string wrapper) => body.Member(wrapper) switch
    {
        JsonObject inner => inner,
        null => body,
        _ => throw new InvalidRequestException(WrongType(wrapper, "an object")),
    };

    /// <summary>A member by its camelCase name, also if it is spelled in snake_case; null if absent or null.</summary>
    public static JsonNode? Member(this JsonObject body, string name) =>
        body[name] ?? body[JsonNamingPolicy.SnakeCaseLower.ConvertName(name)];

    public static string? Text(this JsonObject body, string name) => body.Member(name) switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => throw new InvalidRequestException(WrongType(name, "a string")),
    };

    public static bool Flag(this JsonObject body, string name) => body.Member(name) switch
    {
        null => false,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        _ => throw new InvalidRequestException(WrongType(name, "true or false")),
    };

    public static JsonObject? Object(this JsonObject body, string name) => body.Member(name) switch
    {
        null => null,
        JsonObject inner => inner,
        // An empty list is what the inherited server itself sends for "no context".
        JsonArray { Count: 0 } => null,
        _ => throw new InvalidRequestException(WrongType(name, "an object")),
    };

    public static string RequiredText(this JsonObject body, string name) =>
        body.Text(name) is { Length: > 0 } text
            ? text
            : throw new InvalidRequestException(new ProblemItem("Missing", $"'{name}' is missing.") { Location = name });

    private static ProblemItem WrongType(string name, string expected) =>
        new("WrongType", $"'{name}' must be {expected}.") { Location = name };

    private static string FirstSentence(string message) => message.Split(" Path:", 2)[0];
}

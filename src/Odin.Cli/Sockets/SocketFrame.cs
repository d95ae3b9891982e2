using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Sockets;

/// <summary>One answer of the WebSocket protocol.</summary>
/// <param name="Status"><c>OK</c>, <c>ERROR</c> or <c>END</c>.</param>
internal sealed record SocketFrame(string Status, JsonNode? Response)
{
    public bool IsError => Status == "ERROR";

    public bool IsEnd => Status == "END";

    /// <summary>The answer as text: strings as they are, all else as JSON.</summary>
    public string Text => Response is JsonValue value && value.TryGetValue<string>(out var text) ? text : Response?.ToJsonString() ?? "";

    /// <summary>The answer, or the exception of an ERROR frame.</summary>
    /// <param name="hint">What to type when there is no such thing.</param>
    public SocketFrame EnsureSuccess(string? hint = null) => !IsError ? this
        : LooksUnknown(Text) ? throw new CliException(ExitCode.NotFound, Text, hint)
        : throw new CliException(ExitCode.Failure, Text);

    public static SocketFrame Parse(string text)
    {
        try
        {
            if (JsonNode.Parse(text) is JsonObject frame && frame["status"] is JsonValue status && status.TryGetValue<string>(out var word))
                return new SocketFrame(word, frame["response"]);
        }
        catch (JsonException)
        {
            // Said below, in words.
        }
        throw new CliException(ExitCode.Failure, $"the answer is not of the protocol: {text}", "Is this the WebSocket port of an Odin server?");
    }

    // The protocol has no error codes; these are the texts of the original and of ours.
    private static bool LooksUnknown(string text) =>
        text.Contains("found", StringComparison.OrdinalIgnoreCase) && text.Contains("no", StringComparison.OrdinalIgnoreCase)
        || text.StartsWith("There is no ", StringComparison.Ordinal)
        || text.Contains("No such file", StringComparison.Ordinal);
}

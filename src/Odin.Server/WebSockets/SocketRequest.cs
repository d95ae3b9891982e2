using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Server.WebSockets;

/// <summary>The one request of a connection: <c>{"command", "request", …extra}</c>.</summary>
/// <param name="Extra">Every other member, to be sent back in each frame; never the token.</param>
internal sealed record SocketRequest(string Command, JsonNode? Request, string? Token, JsonObject Extra)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <summary>Reads a frame; what is wrong with it is said in the words of the inherited server.</summary>
    /// <exception cref="SocketRequestException">It is no request.</exception>
    public static SocketRequest Parse(ReadOnlySpan<byte> frame)
    {
        JsonObject members;
        try
        {
            members = JsonNode.Parse(frame, documentOptions: Options) as JsonObject
                ?? throw new SocketRequestException("The frame must hold a JSON object.");
            if (!members.ContainsKey("command"))
                throw new SocketRequestException("'command'");
            if (!members.ContainsKey("request"))
                throw new SocketRequestException("'request'");
        }
        catch (JsonException e)
        {
            var offset = Offset(frame, e);
            var column = offset - frame[..(int)offset].LastIndexOf((byte)'\n');
            throw new SocketRequestException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"Expecting value: line {e.LineNumber.GetValueOrDefault() + 1} column {column} (char {offset})"));
        }

        var command = members["command"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : members["command"]?.ToJsonString() ?? "null";
        var token = members["token"] is JsonValue held && held.TryGetValue<string>(out var bearer) ? bearer : null;
        var request = members["request"];
        foreach (var name in new[] { "command", "request", "token" })
            members.Remove(name);
        return new SocketRequest(command, request, token, members);
    }

    /// <summary>The request as text; the inherited server takes whatever it gets as text too.</summary>
    public string Text => Request switch
    {
        null => "None",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => Request.ToJsonString(),
    };

    /// <summary>A member of a request that is a map.</summary>
    /// <exception cref="SocketRequestException">It is not there, or not a string.</exception>
    public string Member(string name) => Request is JsonObject map && map[name] is JsonValue value && value.TryGetValue<string>(out var text)
        ? text
        : throw new SocketRequestException($"'{name}'");

    /// <summary>A member of a request that is a map; null if it is not there or no string.</summary>
    public string? OptionalText(string name) => Request is JsonObject map && map[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public bool Flag(string name) => Request is JsonObject map && map[name] is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    public int? Number(string name) => Request is JsonObject map && map[name] is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;

    private static long Offset(ReadOnlySpan<byte> frame, JsonException e)
    {
        var offset = 0L;
        var lines = e.LineNumber.GetValueOrDefault();
        for (var i = 0; i < frame.Length && lines > 0; i++)
        {
            offset++;
            if (frame[i] == '\n')
                lines--;
        }
        offset = Math.Min(frame.Length, offset + e.BytePositionInLine.GetValueOrDefault());
        // The inherited server points at the start of a word that is no value, ours at its first wrong letter.
        while (offset > 0 && char.IsAsciiLetter((char)frame[(int)offset - 1]))
            offset--;
        return offset;
    }
}

/// <summary>Ends a request with an ERROR frame of this text.</summary>
internal sealed class SocketRequestException(string message) : Exception(message);

using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Odin.Cli.Rest;

/// <summary>An answer of the server, good or bad.</summary>
/// <param name="Body">Null when it is not JSON.</param>
internal sealed record ApiAnswer(HttpStatusCode Status, JsonNode? Body, string Text)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>This answer, or the exception that its error stands for.</summary>
    /// <param name="hint">What to type when there is no such thing.</param>
    public ApiAnswer EnsureSuccess(string? hint = null) => IsSuccess ? this : throw Failure(hint);

    /// <summary>A member of the answer; an answer without it is not one of ours.</summary>
    public JsonNode Member(string name) => (Body as JsonObject)?[name]
        ?? throw new CliException(
            ExitCode.Failure, $"the answer has no '{name}'; is this an Odin server? It says: {Shorten(Text)}", "`odin ping` shows what it is.");

    public T Read<T>(string member, JsonTypeInfo<T> type) => Deserialize(Member(member), type);

    public IReadOnlyList<T> ReadList<T>(string member, JsonTypeInfo<T> type) =>
        [.. Member(member).AsArray().Where(n => n is not null).Select(n => Deserialize(n!, type))];

    private static T Deserialize<T>(JsonNode node, JsonTypeInfo<T> type)
    {
        try
        {
            return node.Deserialize(type)!;
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCode.Failure, $"the server's answer cannot be read: {e.Message}");
        }
    }

    /// <summary>The exception for a bad answer: one table from HTTP status to exit code.</summary>
    public CliException Failure(string? hint)
    {
        var errors = Errors();
        var message = errors.Count > 0 ? string.Join('\n', errors) : Detail();
        return (int)Status switch
        {
            // A server of ours explains itself.
            404 or 405 when Body is not JsonObject => new CliException(
                ExitCode.Unavailable, $"this seems to be no Odin server: it answered {(int)Status} {Status}", "Check the address, such as the port and the path; `odin ping` asks who is there."),
            401 => new CliException(ExitCode.Unauthorised, message, "Type `odin auth` to log in."),
            403 => new CliException(ExitCode.Unauthorised, message, "Ask somebody who may, or log in as another user with `odin auth -u NAME`."),
            // A server of ours may have said it already.
            404 => new CliException(ExitCode.NotFound, message, message.Contains("'odin ", StringComparison.Ordinal) ? null : hint),
            // What is about a member of the request, and not about a file, is the caller's mistake.
            400 or 422 when errors.Count > 0 && errors.All(e => e.File is null) => new CliException(
                ExitCode.Usage, message, "The same command with --help tells what it takes."),
            400 or 422 when errors.Count > 0 => new CliException(
                ExitCode.InvalidPipeline, message, "Mend the job and check it with `odin lint DIR`."),
            502 or 503 or 504 or 429 => new CliException(ExitCode.Unavailable, message, "Try again in a moment."),
            _ => new CliException(ExitCode.Failure, message),
        };
    }

    private List<ErrorRecord> Errors() => Body is JsonObject map && map["errors"] is JsonArray list
        ? [.. list.OfType<JsonObject>().Select(n => n.Deserialize(CliJson.Default.ErrorRecord)!)]
        : [];

    private string Detail()
    {
        if (Body is JsonObject map)
        {
            foreach (var name in new[] { "detail", "message", "title" })
            {
                if (map[name] is { } node)
                    return node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node.ToJsonString();
            }
        }
        return Text.Length == 0 ? $"the server answered {(int)Status} {Status}" : $"the server answered {(int)Status}: {Shorten(Text)}";
    }

    private static string Shorten(string text) => text.Length <= 300 ? text : text[..300] + " …";
}

using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Odahuflowctl;

/// <summary>An answer of the server, read to its end.</summary>
/// <param name="Reason">What HTTP calls the status.</param>
internal sealed record CtlAnswer(HttpStatusCode Status, JsonNode? Body, string Reason)
{
    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>What the server says of what it has done, or why not.</summary>
    public string Message => Text("message") ?? Text("detail") ?? (Body is JsonObject { Count: > 0 } && IsSuccess ? Body.ToJsonString() : Reason);

    public static async Task<CtlAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        JsonNode? body = null;
        try
        {
            body = text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            // Its status says it all.
        }
        return new CtlAnswer(response.StatusCode, body, response.ReasonPhrase is { Length: > 0 } reason ? reason : response.StatusCode.ToString());
    }

    public CtlAnswer EnsureSuccess() => IsSuccess ? this : throw Failure();

    public CliException Failure() => CtlSession.Failure(CtlMessages.ServerError(Message, (int)Status));

    private string? Text(string name) =>
        (Body as JsonObject)?[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}

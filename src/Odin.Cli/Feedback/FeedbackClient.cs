using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;

namespace Odin.Cli.Feedback;

/// <summary>Which records are asked for; null leaves it to the server.</summary>
internal sealed record FeedbackFilter(string? Model, string? Version, string? Since, string? Until);

/// <summary>Feedback on a server: sent, listed, joined.</summary>
internal sealed class FeedbackClient(OdinClient api)
{
    private const int PageSize = 1000;

    /// <summary>Sends what was true of a prediction; the answer of the server, which may be a refusal.</summary>
    /// <param name="model">As it is called; headers have it escaped, as those of the model's own answers do.</param>
    public async Task<ApiAnswer> PostAsync(string requestId, string model, string version, JsonNode? body, CancellationToken cancellationToken) => (await api.AskAsync(
        HttpMethod.Post, new Uri(api.Connection.Url, "api/v1/feedback"), body, [("Request-Id", requestId), ("Model-Name", Uri.EscapeDataString(model)), ("Model-Version", Uri.EscapeDataString(version))], cancellationToken)).Answer;

    /// <summary>The same; what the server has answered.</summary>
    /// <exception cref="CliException">It was not taken.</exception>
    public async Task<JsonNode?> SendAsync(string requestId, string model, string version, JsonNode? body, CancellationToken cancellationToken)
    {
        var answer = await PostAsync(requestId, model, version, body, cancellationToken);
        if (answer.IsSuccess)
            return answer.Body;
        // The inherited collector says it in a member of its own.
        throw (answer.Body as JsonObject)?["error"]?.ToString() is { } error
            ? new CliException((int)answer.Status >= 500 ? ExitCode.Unavailable : ExitCode.Failure, $"the feedback was not taken: {error}", (int)answer.Status >= 500 ? "The log of the server says why. Try again in a moment." : null)
            : answer.Failure(null);
    }

    /// <summary>Feedback, page by page as it is asked for.</summary>
    public async IAsyncEnumerable<JsonObject> ListAsync(FeedbackFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = (await api.GetAsync(PathOf("v1/feedback", filter, ("limit", $"{PageSize}"), ("continue", after)), cancellationToken)).EnsureSuccess();
            foreach (var item in page.Member("feedback").AsArray().OfType<JsonObject>())
                yield return item;
            after = (string?)(page.Body as JsonObject)?["continue"];
        }
        while (after is not null);
    }

    /// <summary>Predictions with what was said of them, as they come.</summary>
    /// <exception cref="CliException">The server broke off: what has come is not all.</exception>
    public async IAsyncEnumerable<JsonObject> JoinAsync(FeedbackFilter filter, bool all, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await api.OpenAsync(PathOf("v1/feedback/join", filter, ("all", all ? "true" : null)), "application/x-ndjson", null, cancellationToken);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        while (await ReadAsync(lines, cancellationToken) is { } line)
            yield return line;
    }

    private static string PathOf(string path, FeedbackFilter filter, params (string, string?)[] more) =>
        Paths.WithQuery(path, [("model", filter.Model), ("version", filter.Version), ("since", filter.Since), ("until", filter.Until), .. more]);

    private static async Task<JsonObject?> ReadAsync(StreamReader lines, CancellationToken cancellationToken)
    {
        try
        {
            return await lines.ReadLineAsync(cancellationToken) is { } line ? JsonNode.Parse(line)!.AsObject() : null;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException)
        {
            throw new CliException(ExitCode.Unavailable, $"the server broke off in the middle: {e.Message}", "Its log says why. Repeat the command, or ask for less at a time with --since and --until.");
        }
    }
}

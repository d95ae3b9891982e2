using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;

namespace Odin.Cli.Lifecycle;

/// <summary>Waits until something that goes on for ever is ready, or gone.</summary>
/// <param name="messages">Told of what it waits for.</param>
/// <param name="patience">How long, at most.</param>
internal sealed class ReadinessWaiter(OdinClient client, LifecycleNoun noun, TextWriter messages, TimeSpan patience)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns what is to be said of it once it is ready.</summary>
    /// <exception cref="CliException">It cannot be, is gone, or takes too long.</exception>
    public async Task<string> WaitAsync(string id, CancellationToken cancellationToken)
    {
        var told = "";
        JsonNode? last = null;
        return await RepeatAsync(id, "is not ready", () => last, async token =>
        {
            last = await FindAsync(id, token)
                ?? throw new CliException(ExitCode.NotFound, $"the {noun.Singular} '{id}' was deleted while it was waited for");
            if (noun.Readiness!.IsReady(last))
                return noun.Readiness.Outcome(last);
            if (Readiness.HasFailed(last))
            {
                throw new CliException(
                    ExitCode.Failure, $"the {noun.Singular} '{id}' failed: {Why(last) ?? "the server does not say why"}", $"Correct it with `odin {noun.Command} edit -f FILE`; `odin {noun.Command} get {id}` shows it.");
            }
            if (Why(last) is { } why && why != told)
                messages.WriteLine($"The {noun.Singular} waits: {told = why}");
            return null;
        }, cancellationToken);
    }

    /// <summary>Returns when it is gone.</summary>
    public Task WaitUntilGoneAsync(string id, CancellationToken cancellationToken)
    {
        JsonNode? last = null;
        return RepeatAsync(id, "is still there", () => last, async token => (last = await FindAsync(id, token)) is null ? "" : null, cancellationToken);
    }

    private static string? Why(JsonNode? entity) =>
        (LifecycleNoun.Find(entity, "status.message") ?? LifecycleNoun.Find(entity, "status.reason")) is { Length: > 0 } why ? why : null;

    // Null: there is none.
    private async Task<JsonNode?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var answer = await client.GetAsync(noun.PathOf(id), cancellationToken);
        return answer.Status == HttpStatusCode.NotFound ? null : answer.EnsureSuccess().Body!;
    }

    private async Task<string> RepeatAsync(string id, string state, Func<JsonNode?> last, Func<CancellationToken, Task<string?>> look, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, client.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (true)
            {
                if (await look(both.Token) is { } found)
                    return found;
                await Task.Delay(Pause, client.Time, both.Token);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var seconds = patience.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
            throw new CliException(
                ExitCode.Failure, $"the {noun.Singular} '{id}' {state} after {seconds} s{(Why(last()) is { } why ? $": {why}" : "")}", $"The server goes on with it: `odin {noun.Command} get {id}` shows how far it is.");
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Server.Nodes;

/// <summary>
/// Asks all agents at once for their nodes. Each has the same time; one that does not answer is a node without GPUs
/// and with an <c>error</c>, and spoils nothing for the others.
/// </summary>
internal sealed partial class NodeGatherer : IDisposable
{
    // Eight GPUs take some 20 KB.
    private const int MaxAnswerBytes = 4 << 20;

    private readonly FindAgents find;
    private readonly NodeOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<NodeGatherer> logger;
    private readonly HttpClient client;

    public NodeGatherer(FindAgents find, NodeOptions options, TimeProvider time, ILogger<NodeGatherer> logger)
    {
        (this.find, this.options, this.time, this.logger) = (find, options, time, logger);
        // Agents are neighbours: no proxy stands between, and whoever sends us elsewhere is none.
        client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        if (options.Token is { } token)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>One node for each agent, by name.</summary>
    public async Task<IReadOnlyList<JsonObject>> GatherAsync(CancellationToken cancellationToken)
    {
        var agents = await find(cancellationToken);
        var nodes = await Task.WhenAll(agents.Select(agent => AskAsync(agent, cancellationToken)));
        return [.. nodes.OrderBy(n => n["host"]!.ToString(), StringComparer.Ordinal)];
    }

    public void Dispose() => client.Dispose();

    private async Task<JsonObject> AskAsync(AgentAddress agent, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var gpus = new Answer(null, agent.Problem);
        var machine = new Answer(null, null);
        if (agent.Problem is null)
        {
            var asked = GetAsync(agent, "v1/node", both.Token);
            gpus = await GetAsync(agent, "v1/gpus", both.Token);
            machine = await asked;
            cancellationToken.ThrowIfCancellationRequested();
        }

        var node = new JsonObject();
        foreach (var (name, quantity) in machine.Body?["capacity"] as JsonObject ?? [])
            node[name] = quantity?.DeepClone();
        var list = gpus.Body?["gpus"] as JsonArray ?? [];
        // What a scheduler would call them; the agent knows no device plug-in, only the devices.
        if (list.Count > 0)
            node["nvidia.com/gpu"] = list.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        node["gpus"] = new JsonArray([.. list.OfType<JsonObject>().Select(g => g.DeepClone())]);
        node["host"] = (machine.Body?["host"] ?? agent.Url.Host).ToString();
        node["internalIP"] = (machine.Body?["internalIP"] ?? agent.Url.Host).ToString();
        var problem = gpus.Problem ?? machine.Problem ?? (gpus.Body?["errors"] is JsonArray { Count: > 0 } errors ? string.Join("; ", errors) : null);
        if (problem is not null)
        {
            LogProblem(agent.Url, problem);
            node["error"] = problem;
        }
        return node;
    }

    private async Task<Answer> GetAsync(AgentAddress agent, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(agent.Url, path), cancellationToken);
            // The inherited agent knows nothing of its machine but the GPUs.
            if (response.StatusCode == HttpStatusCode.NotFound && path == "v1/node")
                return new Answer(null, null);
            if (!response.IsSuccessStatusCode)
                return new Answer(null, $"The agent at {Place(agent)} answers {(int)response.StatusCode} to /{path}.{Advice(response.StatusCode)}");
            return JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)) is JsonObject body
                ? new Answer(body, null)
                : NoAgent(agent);
        }
        catch (JsonException)
        {
            return NoAgent(agent);
        }
        catch (OperationCanceledException)
        {
            return new Answer(null, $"The agent at {Place(agent)} has not answered within {options.Timeout.TotalSeconds:0.#} s.");
        }
        catch (HttpRequestException e)
        {
            return new Answer(null, $"The agent at {Place(agent)} cannot be asked: {e.Message.TrimEnd('.')}.");
        }
    }

    private static Answer NoAgent(AgentAddress agent) => new(null, $"What answers at {Place(agent)} is no agent.");

    private static string Place(AgentAddress agent) => agent.Url.GetLeftPart(UriPartial.Authority);

    private static string Advice(HttpStatusCode status) =>
        status == HttpStatusCode.Unauthorized ? " Server and agents need the same ODIN_AGENT_TOKEN." : "";

    [LoggerMessage(Level = LogLevel.Debug, Message = "Agent {Url}: {Problem}")]
    private partial void LogProblem(Uri url, string problem);

    private readonly record struct Answer(JsonObject? Body, string? Problem);
}

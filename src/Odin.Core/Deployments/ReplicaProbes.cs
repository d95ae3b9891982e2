using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Deployments;

/// <summary>What a replica has last said of itself.</summary>
/// <param name="IsReady">It takes requests.</param>
/// <param name="IsHung">It has not answered several times in a row, though it was alive before.</param>
/// <param name="Message">Why it is not ready, in its own words.</param>
/// <param name="ModelName">Null: it does not say.</param>
internal sealed record ProbeResult(bool IsReady, bool IsHung, string? Message, string? ModelName, string? ModelVersion);

/// <summary>
/// Asks replicas whether they are ready: often until they are, seldom from then on. That a process ends is not found out here;
/// the executor knows it at once.
/// </summary>
internal sealed class ReplicaProbes(ReplicaOptions options, TimeProvider time) : IAsyncDisposable
{
    private const int LongestAnswer = 64 << 10, MissesUntilHung = 3;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20), Slowest = TimeSpan.FromMilliseconds(250), Patience = TimeSpan.FromSeconds(5);
    private static readonly string[] Paths = ["/readyz", "/v2/health/ready", "/healthcheck"];

    private readonly ConcurrentDictionary<string, Probe> probes = new(StringComparer.Ordinal);

    /// <summary>Asks for a look at a deployment.</summary>
    public Action<string> Wake { get; set; } = static _ => { };

    /// <summary>Replicas that are asked, which is all that this server looks after.</summary>
    public int Count => probes.Count;

    /// <summary>What is known of the replica, which is asked from now on; null: nothing yet.</summary>
    public ProbeResult? Ask(Deployment deployment, Replica replica) => probes.GetOrAdd(
        replica.Id,
        static (_, given) => given.Self.Begin(given.Deployment, given.Replica),
        (Self: this, Deployment: deployment, Replica: replica)).Result;

    /// <summary>The replica is not asked any more.</summary>
    public void Forget(string replica)
    {
        if (probes.TryRemove(replica, out var probe))
            probe.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        var ended = probes.Values.ToList();
        probes.Clear();
        foreach (var probe in ended)
            probe.Dispose();
        await Task.WhenAll(ended.Select(p => p.Work ?? Task.CompletedTask));
    }

    private Probe Begin(Deployment deployment, Replica replica)
    {
        var probe = new Probe();
        probe.Work = RunAsync(probe, deployment.Id, deployment.Spec.Predictor, replica.Endpoint, TimeSpan.FromSeconds(deployment.Spec.LivenessProbeInitialDelay));
        return probe;
    }

    private async Task RunAsync(Probe probe, string deployment, string predictor, string endpoint, TimeSpan liveness)
    {
        // Off the reconciler's thread.
        await Task.Yield();
        var started = time.GetTimestamp();
        using var client = new HttpClient(ReplicaEndpoint.CreateHandler(endpoint)) { BaseAddress = ReplicaEndpoint.AddressOf(endpoint), Timeout = Patience, MaxResponseContentBufferSize = ModelInspector.LongestAnswer };
        var (pause, misses, wasAlive) = (First, 0, false);
        try
        {
            while (true)
            {
                var answer = await AskAsync(client, probe.Token);
                wasAlive |= answer is not null;
                misses = answer is null && wasAlive && time.GetElapsedTime(started) >= liveness ? misses + 1 : 0;
                var result = (answer ?? new ProbeResult(false, false, "it does not answer", null, null)) with { IsHung = misses >= MissesUntilHung };
                // Names are asked for once.
                if (result.IsReady && result.ModelName is null)
                    result = probe.Result is { ModelName: not null } known ? result with { ModelName = known.ModelName, ModelVersion = known.ModelVersion } : await DescribeAsync(client, predictor, result, probe.Token);
                // One answer that is late is no reason to take a replica away from its clients.
                var isBlip = answer is null && probe.Result is { IsReady: true } && !result.IsHung;
                if (!isBlip && result != probe.Result)
                {
                    probe.Result = result;
                    Wake(deployment);
                }
                await Task.Delay(result.IsReady ? options.ProbeInterval : pause, time, probe.Token);
                pause = pause * 1.5 < Slowest ? pause * 1.5 : Slowest;
            }
        }
        catch (OperationCanceledException) when (probe.Token.IsCancellationRequested)
        {
        }
    }

    // Null: there was no answer, or what it says cannot be read, such as a text with half of a character.
    private static async Task<ProbeResult?> AskAsync(HttpClient client, CancellationToken cancellationToken)
    {
        foreach (var path in Paths)
        {
            try
            {
                using var answer = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (answer.StatusCode == HttpStatusCode.NotFound)
                    continue;
                var (name, version) = (Header(answer, "Model-Name"), Header(answer, "Model-Version"));
                return answer.IsSuccessStatusCode
                    ? new ProbeResult(true, false, null, name, version)
                    : new ProbeResult(false, false, Say(await ReadAsync(answer, cancellationToken)) ?? $"it answers {(int)answer.StatusCode} to {path}", name, version);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException or ArgumentException or FormatException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                return null;
            }
        }
        return new ProbeResult(false, false, $"it knows none of {string.Join(", ", Paths)}", null, null);
    }

    // Servers that do not name their model in every answer have it in their description. Without a name it serves all the same.
    private static async Task<ProbeResult> DescribeAsync(HttpClient client, string predictor, ProbeResult result, CancellationToken cancellationToken) =>
        await ModelInspector.DescribeAsync(client, predictor, cancellationToken) is { Name.Length: > 0 } said
            ? result with { ModelName = said.Name, ModelVersion = said.Version.Length > 0 ? said.Version : null }
            : result;

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) && values.FirstOrDefault() is { Length: > 0 } value ? Uri.UnescapeDataString(value) : null;

    private static async Task<string> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LongestAnswer];
        var count = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, count);
    }

    private static string? Say(string body) => Parse(body) is JsonObject json ? Text(json["message"]) ?? Text(json["error"]) : null;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private sealed class Probe : IDisposable
    {
        private readonly CancellationTokenSource stopping = new();

        public Probe() => Token = stopping.Token;

        public CancellationToken Token { get; }

        public Task? Work { get; set; }

        public ProbeResult? Result
        {
            get => Volatile.Read(ref field);
            set => Volatile.Write(ref field, value);
        }

        public void Dispose()
        {
            stopping.Cancel();
            stopping.Dispose();
        }
    }
}

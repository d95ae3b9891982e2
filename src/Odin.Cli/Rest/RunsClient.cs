using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Progress;

namespace Odin.Cli.Rest;

/// <summary>What a submit says.</summary>
internal sealed record SubmitWish(string Job, JsonObject? Context, string? Commit, string? From, bool NoCache)
{
    public JsonObject ToJson()
    {
        var pipeline = new JsonObject { ["job"] = Paths.EncodeJob(Job) };
        if (Commit is not null)
            pipeline["commit"] = Commit;
        var body = new JsonObject { ["pipeline"] = pipeline, ["context"] = Context?.DeepClone() ?? new JsonObject() };
        if (From is not null)
            body["from"] = From;
        if (NoCache)
            body["noCache"] = true;
        return body;
    }
}

/// <summary>Runs over REST.</summary>
internal sealed class RunsClient(OdinClient client)
{
    public const string RunHint = "`odin list` shows the runs there are.";
    private const string TaskBorder = "--";
    private const string JobHint = "`odin jobs` shows the jobs there are.";

    // A server that restarts is back well before this.
    private static readonly TimeSpan ReconnectFor = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromSeconds(1);

    /// <summary>The run of an id, which may be that of a task or of an attempt.</summary>
    public static string RunOf(string id) => id.LastIndexOf(TaskBorder, StringComparison.Ordinal) is > 0 and var border ? id[..border] : id;

    /// <summary>What to type when there is no such run or task.</summary>
    public static string HintFor(string id) => RunOf(id) is var run && run != id
        ? $"`odin status {run}` shows the tasks of that run, if there is one; {RunHint}"
        : RunHint;

    public Task<ApiAnswer> SubmitAsync(SubmitWish wish, CancellationToken cancellationToken) => client.SendAsync(
        HttpMethod.Post,
        "v1/pipelines",
        () => new StringContent(wish.ToJson().ToJsonString(), Encoding.UTF8, "application/json"),
        Guid.NewGuid().ToString("N"),
        cancellationToken);

    public Task<ApiAnswer> PlanAsync(SubmitWish wish, CancellationToken cancellationToken) =>
        client.PostAsync("v1/plans", wish.ToJson(), cancellationToken);

    /// <summary>The exception of a refused submit.</summary>
    public static PipelineRecord Submitted(ApiAnswer answer) =>
        answer.EnsureSuccess(JobHint).Read("pipeline", CliJson.Default.PipelineRecord);

    public async Task<ApiAnswer> RerunAsync(string id, string? from, CancellationToken cancellationToken) =>
        (await client.PostAsync($"{Paths.Run(id)}/rerun", from is null ? [] : new JsonObject { ["from"] = from }, cancellationToken))
        .EnsureSuccess(from is null ? RunHint : $"{RunHint} `odin status {id}` shows the tasks of this one.");

    public async Task<ApiAnswer> CancelAsync(string id, CancellationToken cancellationToken) =>
        (await client.PostAsync($"{Paths.Run(id)}/cancel", new JsonObject(), cancellationToken)).EnsureSuccess(RunHint);

    public async Task<ApiAnswer> GetAsync(string id, CancellationToken cancellationToken) =>
        (await client.GetAsync(Paths.Run(id), cancellationToken)).EnsureSuccess(RunHint);

    /// <summary>Every run that matches, over as many pages as there are.</summary>
    public async Task<(JsonObject Document, IReadOnlyList<PipelineRecord> Runs)> FindAsync(string pattern, CancellationToken cancellationToken)
    {
        var all = new JsonArray();
        string? next = null;
        do
        {
            var path = Paths.WithQuery("v1/pipelines", ("q", pattern), ("continue", next));
            var answer = (await client.GetAsync(path, cancellationToken)).EnsureSuccess();
            foreach (var run in answer.Member("pipelines").AsArray())
                all.Add(run?.DeepClone());
            next = Continue(answer);
        }
        while (next is not null);
        return (new JsonObject { ["pipelines"] = all }, [.. all.Select(n => n.Deserialize(CliJson.Default.PipelineRecord)!)]);
    }

    /// <summary>Where the next page begins; null on the last one.</summary>
    public static string? Continue(ApiAnswer answer) => (answer.Body as JsonObject)?["continue"] switch
    {
        JsonValue value when value.TryGetValue<string>(out var text) && text.Length > 0 => text,
        _ => null,
    };

    /// <summary>
    /// The run's changes from a full snapshot to its end. A broken connection is opened again, and begins with a snapshot again.
    /// </summary>
    public async IAsyncEnumerable<RunUpdate> WatchAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var brokenSince = (long?)null;
        while (true)
        {
            var updates = OpenWatchAsync(id, cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using (updates)
            {
                while (true)
                {
                    try
                    {
                        if (!await updates.MoveNextAsync())
                            break;
                    }
                    catch (Exception e) when (IsBroken(e) && !HasExpired(brokenSince))
                    {
                        break;
                    }
                    brokenSince = null;
                    yield return updates.Current;
                    if (updates.Current is RunUpdate.Ended)
                        yield break;
                }
            }
            brokenSince ??= client.Time.GetTimestamp();
            if (HasExpired(brokenSince))
                throw new CliException(ExitCode.Unavailable, $"lost the connection to {client.Connection.Display}", $"The run goes on; type `odin status {id} --watch`.");
            await Task.Delay(ReconnectPause, client.Time, cancellationToken);
        }
    }

    private bool HasExpired(long? brokenSince) => brokenSince is { } since && client.Time.GetElapsedTime(since) > ReconnectFor;

    // Refused connections count: a restarting server refuses them for a moment. A first attempt fails at once, in SubmitAsync.
    private static bool IsBroken(Exception e) =>
        e is IOException or HttpRequestException || e is CliException { ExitCode: ExitCode.Unavailable };

    private async IAsyncEnumerable<RunUpdate> OpenWatchAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var answer = await client.OpenAsync($"{Paths.Run(id)}/watch", "text/event-stream", RunHint, cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            switch (item.EventType)
            {
                case "pipeline":
                    yield return new RunUpdate.Run(JsonSerializer.Deserialize(item.Data, CliJson.Default.PipelineRecord)!);
                    break;
                case "task":
                    yield return new RunUpdate.Task(JsonSerializer.Deserialize(item.Data, CliJson.Default.TaskRecord)!);
                    break;
                case "end":
                    // Its data is the run as it ended; null when its record was removed.
                    if (item.Data.Length > 0 && JsonSerializer.Deserialize(item.Data, CliJson.Default.PipelineRecord) is { Id: not null } last)
                        yield return new RunUpdate.Run(last);
                    yield return new RunUpdate.Ended();
                    break;
            }
        }
    }

    /// <summary>A number for a query; null stays null.</summary>
    public static string? Number(int? value) => value?.ToString(CultureInfo.InvariantCulture);
}

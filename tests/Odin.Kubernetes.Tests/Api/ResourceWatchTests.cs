using Microsoft.AspNetCore.Http;
using Odin.Kubernetes.Api;
using static Odin.Kubernetes.Tests.Api.ScriptedApiServer;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>Watches on bad days.</summary>
public sealed class ResourceWatchTests : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly List<Func<HttpContext, Task>> watches = [];
    private readonly List<string> lists = [];
    private ScriptedApiServer server = null!;
    private int listed, watched;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (server is not null)
            await server.DisposeAsync();
        stop.Dispose();
    }

    [Fact]
    public async Task WatchAsync_ListThenChanges_GivesTheSetThenEachChange()
    {
        lists.Add(List("10", "a", "b"));
        watches.Add(c => SendAsync(c, Line("ADDED", "c", "11"), Line("MODIFIED", "a", "12"), Line("DELETED", "b", "13")));
        await using var events = await WatchAsync();

        Assert.Equal("Synced a b", await NextAsync(events));
        Assert.Equal("Added c", await NextAsync(events));
        Assert.Equal("Modified a", await NextAsync(events));
        Assert.Equal("Deleted b", await NextAsync(events));

        var watch = server.Requests.First(r => r.IsWatch);
        Assert.Equal(("10", "true", "app=x", "f=y", "/api/v1/namespaces/n/pods"),
            (watch.Query["resourceVersion"], watch.Query["allowWatchBookmarks"], watch.Query["labelSelector"], watch.Query["fieldSelector"], watch.Path));
        Assert.InRange(int.Parse(watch.Query["timeoutSeconds"], System.Globalization.CultureInfo.InvariantCulture), 300, 600);
    }

    [Fact]
    public async Task WatchAsync_ConnectionEndsOrBreaks_GoesOnFromTheLastChangeOrBookmark()
    {
        var seen = new TaskCompletionSource();
        lists.Add(List("10", "a"));
        watches.Add(c => SendAsync(c, Line("ADDED", "b", "11"), Bookmark("15")));
        watches.Add(async c =>
        {
            await SendAsync(c, Line("ADDED", "c", "16"), "{\"type\":\"ADD");
            await seen.Task;
            c.Abort();
        });
        watches.Add(c => SendAsync(c, Line("ADDED", "d", "17")));
        await using var events = await WatchAsync();

        Assert.Equal("Synced a", await NextAsync(events));
        Assert.Equal("Added b", await NextAsync(events));
        Assert.Equal("Added c", await NextAsync(events));
        seen.SetResult();
        Assert.Equal("Added d", await NextAsync(events));
        Assert.Equal(["10", "15", "16"], WatchedFrom().Take(3));
        Assert.Equal(1, listed);
    }

    [Fact]
    public async Task WatchAsync_GoneInTheStream_ListsAnew()
    {
        lists.AddRange([List("10", "a", "b"), List("90", "b", "c")]);
        watches.Add(c => SendAsync(c, """{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old resource version: 10 (80)","reason":"Expired","code":410}}""" + "\n"));
        watches.Add(c => SendAsync(c, Line("DELETED", "c", "91")));
        await using var events = await WatchAsync();

        Assert.Equal("Synced a b", await NextAsync(events));
        Assert.Equal("Synced b c", await NextAsync(events));
        Assert.Equal("Deleted c", await NextAsync(events));
        Assert.Equal(["10", "90"], WatchedFrom().Take(2));
    }

    [Fact]
    public async Task WatchAsync_GoneAsTheAnswer_ListsAnew()
    {
        lists.AddRange([List("10", "a"), List("90")]);
        watches.Add(c => StatusAsync(c, 410, "Gone", "too old resource version"));
        watches.Add(c => SendAsync(c, Line("ADDED", "c", "91")));
        await using var events = await WatchAsync();

        Assert.Equal("Synced a", await NextAsync(events));
        Assert.Equal("Synced ", await NextAsync(events));
        Assert.Equal("Added c", await NextAsync(events));
    }

    [Fact]
    public async Task WatchAsync_VersionFromAFutureThatWasLost_ListsAnew()
    {
        lists.AddRange([List("10", "a"), List("3", "a")]);
        watches.Add(c => StatusAsync(c, 504, "Timeout", "Too large resource version: 10, current: 3"));
        await using var events = await WatchAsync();

        Assert.Equal("Synced a", await NextAsync(events));
        Assert.Equal("Synced a", await NextAsync(events));
        var next = NextAsync(events);
        await Eventually.True(() => WatchedFrom().LastOrDefault() == "3", "the watch from the new version");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public async Task WatchAsync_LinesInPieces_ArePutTogether()
    {
        lists.Add(List("10"));
        var line = Line("ADDED", "ä", "11");
        watches.Add(async c =>
        {
            foreach (var piece in System.Text.Encoding.UTF8.GetBytes(line + Line("ADDED", new string('x', 200_000), "12")).Chunk(line.Length / 3))
            {
                await c.Response.Body.WriteAsync(piece);
                if (piece.Length % 5 == 0)
                    await c.Response.Body.FlushAsync();
            }
        });
        await using var events = await WatchAsync();

        Assert.Equal("Synced ", await NextAsync(events));
        Assert.Equal("Added ä", await NextAsync(events));
        Assert.Equal("Added ".Length + 200_000, (await NextAsync(events)).Length);
    }

    [Fact]
    public async Task WatchAsync_ConnectionDeadWithoutAWord_IsGivenUpPastItsEnd()
    {
        var time = new ManualTime();
        lists.Add(List("10", "a"));
        watches.Add(c => server.HangAsync(c));
        watches.Add(c => SendAsync(c, Line("ADDED", "b", "11")));
        await using var events = await WatchAsync(time, o => o with { RequestTimeout = TimeSpan.FromDays(30) });

        Assert.Equal("Synced a", await NextAsync(events));
        var next = NextAsync(events);
        await Eventually.True(
            () =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return next.IsCompleted;
            },
            "the second watch");

        Assert.Equal("Added b", await next);
        Assert.Equal(["10", "10"], WatchedFrom().Take(2));
    }

    [Fact]
    public async Task WatchAsync_ServerAwayForAWhile_GoesOnWhenItIsBack()
    {
        lists.Add(List("10", "a"));
        watches.Add(c => SendAsync(c, Line("ADDED", "b", "11")));
        await using var events = await WatchAsync();
        Assert.Equal("Synced a", await NextAsync(events));
        Assert.Equal("Added b", await NextAsync(events));

        var port = server.Address.Port;
        await server.DisposeAsync();
        var next = NextAsync(events);
        watches.Add(c => SendAsync(c, Line("ADDED", "c", "12")));
        watched = watches.Count - 1;
        server = await ScriptedApiServer.StartAsync(AnswerAsync, port: port);

        Assert.Equal("Added c", await next);
        Assert.Equal("11", WatchedFrom()[0]);
        Assert.Equal(1, listed);
    }

    [Fact]
    public async Task WatchAsync_NeverAllowed_ThrowsAtOnce()
    {
        server = await ScriptedApiServer.StartAsync((_, c) => StatusAsync(c, 403, "Forbidden", "pods is forbidden: User \\\"u\\\" cannot list resource \\\"pods\\\" in API group \\\"\\\""));
        using var client = server.Client();

        var error = await Assert.ThrowsAsync<KubernetesException>(async () =>
        {
            await foreach (var _ in client.WatchAsync(KubernetesResources.Pods, new KubernetesQuery(), default))
                Assert.Fail("there is nothing to see");
        });

        Assert.EndsWith("give this user's role the verb \"list\" on \"pods\"", error.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task WatchAsync_RefusedForAMomentLater_GoesOn()
    {
        lists.Add(List("10", "a"));
        watches.AddRange([.. Enumerable.Repeat<Func<HttpContext, Task>>(c => StatusAsync(c, 403, "Forbidden", "not yet ready to handle request"), 3)]);
        watches.Add(c => SendAsync(c, Line("ADDED", "b", "11")));
        await using var events = await WatchAsync();

        Assert.Equal("Synced a", await NextAsync(events));
        Assert.Equal("Added b", await NextAsync(events));
    }

    [Fact]
    public async Task WatchAsync_RefusedForLong_ThrowsAfterItsPatience()
    {
        var time = new ManualTime();
        lists.Add(List("10", "a"));
        watches.AddRange([.. Enumerable.Repeat<Func<HttpContext, Task>>(c => StatusAsync(c, 403, "Forbidden", "no longer"), 100_000)]);
        await using var events = await WatchAsync(time, o => o with { RequestTimeout = TimeSpan.FromDays(30) });

        Assert.Equal("Synced a", await NextAsync(events));
        var next = NextAsync(events);
        await Eventually.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return next.IsCompleted;
            },
            "the end of its patience");

        Assert.Equal("no longer", (await Assert.ThrowsAsync<KubernetesException>(() => next)).Message);
        var asked = server.Requests.Where(r => r.IsWatch).ToList();
        Assert.True(asked[^1].Time - asked[0].Time >= TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task WatchAsync_Cancelled_EndsThere()
    {
        lists.Add(List("10", "a"));
        await using var events = await WatchAsync();
        Assert.Equal("Synced a", await NextAsync(events));
        var next = NextAsync(events);
        await Eventually.True(() => server.Requests.Any(r => r.IsWatch), "the watch");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    private async Task<IAsyncEnumerator<WatchEvent<Pod>>> WatchAsync(TimeProvider? time = null, Func<KubernetesApiOptions, KubernetesApiOptions>? configure = null)
    {
        server = await ScriptedApiServer.StartAsync(AnswerAsync, time: time);
        // Not disposed with the test: enumerators that still run would see that rather than their own end.
        var client = server.Client(configure, time);
        return client.WatchAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = "n", LabelSelector = "app=x", FieldSelector = "f=y" }, stop.Token).GetAsyncEnumerator(stop.Token);
    }

    /// <summary>Lists and watches as the test has put them down, in order; the last list again, and watches without a word after the last.</summary>
    private Task AnswerAsync(SeenRequest request, HttpContext context)
    {
        if (!request.IsWatch)
            return JsonAsync(context, lists[Math.Min(Interlocked.Increment(ref listed), lists.Count) - 1]);
        var number = Interlocked.Increment(ref watched) - 1;
        return number < watches.Count ? watches[number](context) : server.HangAsync(context);
    }

    private List<string> WatchedFrom() => [.. server.Requests.Where(r => r.IsWatch).Select(r => r.Query["resourceVersion"])];

    private static async Task<string> NextAsync(IAsyncEnumerator<WatchEvent<Pod>> events)
    {
        Assert.True(await events.MoveNextAsync());
        return $"{events.Current.Kind} {string.Join(' ', events.Current.Objects.Select(p => p.Metadata.Name))}";
    }

    private static string List(string version, params string[] names) =>
        $$"""{"metadata":{"resourceVersion":"{{version}}"},"items":[{{string.Join(',', names.Select(n => $$"""{"metadata":{"name":"{{n}}"} }"""))}}]}""";

    private static string Line(string type, string name, string version) =>
        $$"""{"type":"{{type}}","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"{{name}}","resourceVersion":"{{version}}","creationTimestamp":null},"spec":{"containers":null} } }""" + "\n";

    private static string Bookmark(string version) => Line("BOOKMARK", "", version);
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.Runs;

/// <summary>Runs over REST, in the shapes that the inherited client and documents know.</summary>
public sealed class RunApiTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Two = """
        name: two
        tasks:
        - {name: a, image: img, command: echo, args: [hello]}
        - {name: b, image: img, command: [sh, -c], args: [exit 3], depends: a}
        - {name: c, image: img, command: "true", depends: b}
        """;

    private const string Sleeper = "name: sleeper\ntasks:\n- {name: s, image: img, command: sleep, args: ['600']}\n- {name: after, image: img, command: 'true', depends: s}\n";

    private readonly TestServer server = fixture.Server;

    [Fact]
    public async Task Submit_AJob_AnswersInTheInheritedShapeAtOnce()
    {
        await server.PutJobAsync("golden/submit", "name: gold\ntasks: [{name: a, image: i, command: 'true'}]\n");
        using var client = server.Admin();
        var answer = await client.PostJsonAsync("/v1/pipelines", """{"pipeline":{"job":"golden__submit"},"context":{}}""");

        Assert.Equal(["pipeline", "context"], answer.Keys());
        Assert.Equal("[]", answer["context"]!.ToJsonString());
        var pipeline = answer["pipeline"]!;
        Assert.Equal(["id", "job", "version", "tasks", "name", "status", "message", "submitTime", "completionTime"], pipeline.Keys().Take(9));
        Assert.Matches("^gold-[a-z0-9-]+j$", (string)pipeline["id"]!);
        Assert.Equal("golden/submit", (string)pipeline["job"]!);
        Assert.Equal("BUILDING", (string)pipeline["status"]!);
        Assert.Matches("^[0-9a-f]{40}$", (string)pipeline["version"]!);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$", (string)pipeline["submitTime"]!);
        await server.EndAsync((string)pipeline["id"]!);
    }

    [Fact]
    public async Task Show_AFailedRun_HasRowsForEveryTask()
    {
        var run = await server.RunAsync("failing", Two);

        Assert.Equal("TERMINATED", (string)run["status"]!);
        Assert.Equal("Failed", (string)run["state"]!);
        Assert.Equal("TaskFailed", (string)run["reason"]!);
        Assert.NotNull((string?)run["completionTime"]);
        Assert.Equal("""{"total":3,"executed":1,"executing":0,"waiting":1,"terminated":1}""", run["progress"]!.ToJsonString());
        var tasks = run["tasks"]!.AsArray();
        Assert.All(tasks, t => Assert.Equal(
            ["id", "task", "name", "status", "command", "image", "resourceType", "resourceId", "submitTime", "completionTime", "events"], t!.Keys().Take(11)));
        Assert.Equal(["a executed echo", "b terminated sh -c", "c waiting true"], tasks.Select(t => $"{t!["name"]} {t["status"]} {t["command"]}"));
        Assert.Equal("NonZeroExit", (string)tasks[1]!["reason"]!);
        Assert.Equal(3, (int)tasks[1]!["exitCode"]!);
        Assert.Equal("a", (string)tasks[1]!["dependsOn"]!.AsArray().Single()!);
        Assert.StartsWith("pid:", (string)tasks[1]!["resourceId"]!, StringComparison.Ordinal);
        Assert.Null((string?)tasks[2]!["resourceId"]);

        var bare = (await server.Client.GetJsonAsync($"/v1/pipelines/{run["id"]}?tasks=False"))["pipeline"]!;
        Assert.Empty(bare["tasks"]!.AsArray());
        Assert.Null(bare["progress"]);
    }

    [Fact]
    public async Task Events_OfATaskFromTheCache_TellOfNoAttempt()
    {
        const string Job = "name: kept\ntasks: [{name: a, image: i, command: [sh, -c], args: ['echo 1 > ${RUN_PATH}/f'], outputs: {f: '${RUN_PATH}/f'}}]\n";
        await server.RunAsync("events/kept", Job);
        var run = await server.RunAsync("events/kept", Job);
        Assert.Equal("Cached", (string)run["tasks"]![0]!["state"]!);

        var events = (await server.Client.GetJsonAsync($"/v1/resources/{run["id"]}/events"))["events"]!.AsArray();

        Assert.Equal(["Created", "Cached"], events.Select(e => (string)e!["reason"]!));
    }

    [Fact]
    public async Task Show_PartOfAnId_Is404()
    {
        var run = await server.RunAsync("exact", "name: exact\ntasks: [{name: a, image: i, command: 'true'}]\n");
        foreach (var id in new[] { "exact", "EXACT%25", ((string)run["id"]!)[..^1], ".*", "%2e%2e" })
            await server.Client.GetJsonAsync($"/v1/pipelines/{id}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task List_Filters_ChooseAndPage()
    {
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Add((string)(await server.RunAsync("listed/job", "name: listed\ntasks: [{name: a, image: i, command: 'true'}]\n"))["id"]!);

        Assert.Equal(Enumerable.Reverse(ids), await IdsAsync("q=LISTED-"));
        Assert.Equal(ids, await IdsAsync("job=listed__job&order=asc"));
        Assert.Equal(ids[1..2], await IdsAsync("job=listed__job&order=asc&offset=1&limit=1"));
        Assert.Equal(ids, await IdsAsync("job=listed/job&order=asc&status=done"));
        Assert.Empty(await IdsAsync("job=listed/job&status=RUNNING,Failed"));
        Assert.Empty(await IdsAsync("q=listed_"));
        Assert.Empty(await IdsAsync("q=.*"));
        Assert.Superset(ids.ToHashSet(), (await IdsAsync("q=")).ToHashSet());

        var first = await server.Client.GetJsonAsync("/v1/pipelines?job=listed/job&limit=2&tasks=false");
        Assert.All(first["pipelines"]!.AsArray(), p => Assert.Empty(p!["tasks"]!.AsArray()));
        Assert.Equal(ids[..1], await IdsAsync($"job=listed/job&limit=2&continue={Uri.EscapeDataString((string)first["continue"]!)}"));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("offset=-1")]
    [InlineData("order=up")]
    [InlineData("status=SLEEPING")]
    [InlineData("continue=garbage")]
    [InlineData("limit=x")]
    public async Task List_AWrongFilter_IsTheClientsMistake(string query)
    {
        using var response = await server.Client.GetAsync("/v1/pipelines?" + query);
        Assert.InRange((int)response.StatusCode, 400, 422);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync())!["detail"]);
    }

    [Theory]
    [InlineData("limit=abc", "'limit' must be a whole number, but it is 'abc'.")]
    [InlineData("tasks=maybe", "'tasks' must be true or false, but it is 'maybe'.")]
    public async Task List_AFilterOfAnotherType_Is422WithItsName(string query, string detail)
    {
        var problem = await server.Client.GetJsonAsync("/v1/pipelines?" + query, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(detail, (string)problem["detail"]!);
        Assert.Equal(query.Split('=')[0], (string)problem["errors"]![0]!["location"]!);
    }

    [Fact]
    public async Task Submit_FromWithOtherParameters_Is409AlsoForAPlan()
    {
        var run = await server.RunAsync("from-other", """
            name: from-other
            parameters: {rows: 7}
            tasks:
            - {name: make, image: i, command: echo, args: ["${rows}"]}
            - {name: sum, image: i, command: "true", depends: make}
            """);
        using var client = server.Admin();
        await Eventually.True(async () => (string)(await server.Client.GetJsonAsync($"/v1/pipelines/{run["id"]}"))["pipeline"]!["status"]! == "DONE", "the run ends");
        foreach (var path in new[] { "/v1/pipelines", "/v1/plans" })
        {
            var problem = await client.PostJsonAsync(path, """{"pipeline":{"job":"from-other"},"context":{"rows":8},"from":"sum"}""", HttpStatusCode.Conflict);
            Assert.Contains("'rows' was", (string)problem["detail"]!, StringComparison.Ordinal);
        }
        var plan = await client.PostJsonAsync("/v1/plans", """{"pipeline":{"job":"from-other"},"from":"sum"}""");
        Assert.Equal(["Reused", "Run"], plan["plan"]!["tasks"]!.AsArray().Select(t => (string)t!["decision"]!));
        var data = await server.Client.GetJsonAsync($"/v1/resources/{run["id"]}/data");
        Assert.Equal("""{"rows":7}""", data["jobs"]!["parameters"]!.ToJsonString());
    }

    [Fact]
    public async Task Submit_TheSameKeyTwice_IsOneRun()
    {
        await server.PutJobAsync("once", "name: once\ntasks: [{name: a, image: i, command: 'true'}]\n");
        using var client = server.Admin();
        client.DefaultRequestHeaders.Add("Idempotency-Key", "key-1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.PostJsonAsync("/v1/pipelines", """{"pipeline":{"job":"once"}}""")));
        Assert.Single(answers.Select(a => (string)a["pipeline"]!["id"]!).Distinct());
    }

    [Fact]
    public async Task Submit_ABrokenDefinition_ListsEveryErrorWithItsPlace()
    {
        await server.PutJobAsync("broken", "name: Broken\ntasks:\n- {name: a, image: i, comand: x}\n- {name: a, image: i, command: x, depends: nope}\n");
        using var client = server.Admin();
        foreach (var path in new[] { "/v1/pipelines", "/v1/plans" })
        {
            var problem = await client.PostJsonAsync(path, """{"pipeline":{"job":"broken"}}""", HttpStatusCode.BadRequest);
            var errors = problem["errors"]!.AsArray();
            Assert.True(errors.Count >= 3, problem.ToJsonString());
            Assert.All(errors, e => Assert.True((int)e!["line"]! > 0 && (int)e["column"]! > 0 && (string)e["file"]! == "main.yml"));
        }
        Assert.Empty(await IdsAsync("job=broken"));
    }

    [Theory]
    [InlineData("""{"pipeline":{"job":"nosuch"}}""", HttpStatusCode.NotFound)]
    [InlineData("""{"pipeline":{"job":"../../etc"}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"pipeline":{"job":"..__..__etc"}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"pipeline":{"job":"/etc"}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"pipeline":{"job":"__etc"}}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"pipeline":{"job":"two","commit":"--upload-pack=x"}}""", HttpStatusCode.NotFound)]
    [InlineData("""{"pipeline":{"job":""}}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"pipeline":{}}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"pipeline":[]}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"pipeline":{"job":"two"},"context":"x"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("not json", HttpStatusCode.BadRequest)]
    public async Task Submit_AWrongRequest_IsTheClientsMistake(string body, HttpStatusCode expected)
    {
        using var client = server.Admin();
        var problem = await client.PostJsonAsync("/v1/pipelines", body, expected);
        Assert.NotEmpty((string)problem["detail"]!);
    }

    [Fact]
    public async Task Submit_ABodyThatIsTooLarge_Is413()
    {
        using var client = server.Admin();
        var problem = await client.PostJsonAsync("/v1/pipelines", "{\"x\":\"" + new string('x', 5 << 20) + "\"}", HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal(413, (int)problem["status"]!);
    }

    [Fact]
    public async Task Plan_AJob_SaysWhatWouldRun()
    {
        await server.PutJobAsync("planned", Two);
        using var client = server.Admin();
        var plan = (await client.PostJsonAsync("/v1/plans", """{"pipeline":{"job":"planned"}}"""))["plan"]!;
        Assert.Equal("planned", (string)plan["job"]!);
        Assert.Equal(["a", "b", "c"], plan["tasks"]!.AsArray().Select(t => (string)t!["name"]!));
        Assert.Equal(["name", "dependsOn", "command", "args", "decision", "because"], plan["tasks"]![0]!.Keys());
        Assert.Empty(await IdsAsync("job=planned"));
    }

    [Fact]
    public async Task Cancel_ARunThatIsUnderWay_EndsItInItsOwnState()
    {
        await server.PutJobAsync("sleeping", Sleeper);
        var id = await server.SubmitAsync("sleeping");
        using var client = server.Admin();
        await client.PostJsonAsync($"/v1/pipelines/{id}/cancel", null);
        var run = await server.EndAsync(id);
        Assert.Equal("Cancelled", (string)run["state"]!);
        Assert.Equal("admin", (string)run["cancelledBy"]!);
        await client.PostJsonAsync("/v1/pipelines/nosuch/cancel", null, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Rerun_AFailedRun_TakesOverWhatSucceeded()
    {
        var failed = await server.RunAsync("again", Two);
        using var client = server.Admin();
        var answer = await client.PostJsonAsync($"/v1/pipelines/{failed["id"]}/rerun", null);
        Assert.Equal((string)failed["id"]!, (string)answer["pipeline"]!["rerunOf"]!);
        var run = await server.EndAsync((string)answer["pipeline"]!["id"]!);
        Assert.Equal("Reused", (string)run["tasks"]!.AsArray().Single(t => (string)t!["name"]! == "a")!["reason"]!);

        await client.PostJsonAsync($"/v1/pipelines/{failed["id"]}/rerun", """{"from":"nope"}""", HttpStatusCode.NotFound);
        await client.PostJsonAsync("/v1/pipelines/nosuch/rerun", "{}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Rerun_ARunThatHasNotEnded_IsAConflictThatSaysWhatToDo()
    {
        await server.PutJobAsync("busy", "name: busy\ntasks: [{name: a, image: i, command: sleep, args: ['1000']}]\n");
        var id = await server.SubmitAsync("busy");
        using var client = server.Admin();
        var problem = await client.PostJsonAsync($"/v1/pipelines/{id}/rerun", null, HttpStatusCode.Conflict);
        Assert.Equal($"Run '{id}' has not ended. Cancel it first: odin cancel {id}", (string)problem["detail"]!);
        await client.PostJsonAsync($"/v1/pipelines/{id}/cancel", null);
        await server.EndAsync(id);
        await client.PostJsonAsync($"/v1/pipelines/{id}/rerun", null);
    }

    [Fact]
    public async Task Watch_ARun_TellsEverythingAndTheEnd()
    {
        await server.PutJobAsync("watched", Two);
        var id = await server.SubmitAsync("watched");
        var text = await server.Client.GetStringAsync($"/v1/pipelines/{id}/watch");
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(e => e.Split('\n'))
            .Select(e => (Type: e[0]["event: ".Length..], Data: JsonNode.Parse(e[1]["data: ".Length..])!))
            .ToList();

        Assert.Equal("pipeline", events[0].Type);
        Assert.Equal("end", events[^1].Type);
        Assert.Equal("TERMINATED", (string)events[^1].Data["status"]!);
        var last = events.Where(e => e.Type == "task").GroupBy(e => (string)e.Data["name"]!).ToDictionary(g => g.Key, g => (string)g.Last().Data["state"]!);
        Assert.Equal(new Dictionary<string, string> { ["a"] = "Succeeded", ["b"] = "Failed", ["c"] = "Skipped" }, last);
        await server.Client.GetJsonAsync("/v1/pipelines/nosuch/watch", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Records_OfARun_HaveTheInheritedShapes()
    {
        var run = await server.RunAsync("team/recorded", Two);
        var id = (string)run["id"]!;

        var data = await server.Client.GetJsonAsync($"/v1/resources/{id}/data");
        Assert.True((bool)data["success"]!);
        Assert.Equal(
            ["label", "job", "version", "status", "submit_time", "completion_time", "parent", "executed", "executing", "waiting", "jobs", "error_message", "parameters"],
            data["jobs"]!.Keys());
        Assert.Equal("recorded", (string)data["jobs"]!["job"]!);
        Assert.True((long)data["jobs"]!["submit_time"]!["$date"]! > 1_600_000_000_000);
        Assert.Equal($"[\"{id}--b\"]", data["jobs"]!["executing"]!.ToJsonString());

        var task = await server.Client.GetJsonAsync($"/v1/resources/{id}--a/data");
        foreach (var key in new[] { "label", "parent", "name", "command", "image", "args", "resource_type", "node_selector", "pull_policy", "num_gpus", "inputs", "outputs", "resource_id", "submit_time", "completion_time" })
            Assert.Contains(key, task["jobs"]!.Keys());

        var events = (await server.Client.GetJsonAsync($"/v1/resources/{id}/events"))["events"]!.AsArray();
        Assert.NotEmpty(events);
        Assert.All(events, e => Assert.Equal(["id", "eventType", "reason", "source", "message", "timestamp"], e!.Keys()));
        foreach (var kind in new[] { "data", "events", "logs" })
            await server.Client.GetJsonAsync($"/v1/resources/nosuch/{kind}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Logs_OfATask_ComeInThreeShapes()
    {
        const string definition = "name: talker\ntasks: [{name: t, image: i, command: sh, args: [-c, 'echo \"one \\\"ö\\\"\"; sleep 0.2; echo two']}]\n";
        await server.PutJobAsync("talker", definition);
        var id = await server.SubmitAsync("talker");

        // Followed while the task runs: ends by itself.
        var events = await ReadAsync($"/v1/resources/{id}--t/logs?follow=True", "text/event-stream");
        Assert.Equal("data: one \"ö\"\n\ndata: two\n\nevent: end\ndata: \n\n", events);
        Assert.Equal("one \"ö\"\ntwo\n", await ReadAsync($"/v1/resources/{id}--t/logs", "text/plain"));
        Assert.Equal("two\n", await ReadAsync($"/v1/resources/{id}--t/logs?lines=1", "text/plain"));
        var snapshot = (string)(await server.Client.GetJsonAsync($"/v1/resources/{id}/logs"))!;
        Assert.Equal($"================\n{id}--t\n----------------\none \"ö\"\ntwo\n", snapshot);
    }

    [Fact]
    public async Task Logs_OfALargeTask_AreOneJsonString()
    {
        const string definition = "name: flood\ntasks: [{name: t, image: i, command: sh, args: [-c, 'seq 1 200000; printf \"\\\\001\\\\377end\"']}]\n";
        var run = await server.RunAsync("flood", definition);
        var text = (string)(await server.Client.GetJsonAsync($"/v1/resources/{run["id"]}--t/logs"))!;
        Assert.Contains("\n199999\n200000\n\u0001\uFFFDend", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cleanup_TwiceWithPurge_EndsInACleanError()
    {
        var client = new StockClient(server);
        client.UseToken(server.Token());
        var run = await server.RunAsync("cleaned", Two);
        var id = (string)run["id"]!;

        var rows = await client.CleanupAsync(id, db: true, fs: true);
        Assert.Equal($"{id} No Yes Yes", rows[0]);
        Assert.Equal([$"{id}--a Yes Yes Yes", $"{id}--b Yes Yes Yes"], rows.Skip(1));
        Assert.Equal([$"{id} No No No"], await client.CleanupAsync(id, db: true, fs: false));
        await server.Client.GetJsonAsync($"/v1/pipelines/{id}", HttpStatusCode.NotFound);
    }

    private async Task<List<string>> IdsAsync(string query) =>
        [.. (await server.Client.GetJsonAsync("/v1/pipelines?" + query))["pipelines"]!.AsArray().Select(p => (string)p!["id"]!)];

    private async Task<string> ReadAsync(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        using var response = await server.Client.SendAsync(request);
        Assert.Equal(accept, response.Content.Headers.ContentType!.MediaType);
        return Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
    }
}

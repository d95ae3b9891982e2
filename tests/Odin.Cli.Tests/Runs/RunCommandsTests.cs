using System.Net;

namespace Odin.Cli.Tests.Runs;

/// <summary>Status, list, logs, data, events and cleanup over REST.</summary>
public sealed class RunCommandsTests : IAsyncDisposable
{
    private const string Two =
        """
        {"pipelines":[{"id":"long1-1tnszutxj","job":"long1","version":"4a0c","tasks":[
          {"id":"long1-1tnszutxj--forever","task":"long1-1tnszutxj--forever","name":"forever","status":"executing","command":"c","image":"i","resourceType":"Pod","resourceId":"r","submitTime":"2026-11-21T02:14:26.087986","completionTime":null,"events":[]},
          {"id":"long1-1tnszutxj--x","task":"long1-1tnszutxj--x","name":"x","status":"waiting","command":["sh","-c"],"image":"i","resourceType":"Pod","resourceId":null,"submitTime":null,"completionTime":null,"events":[]}],
          "name":"long1-1tnszutxj","status":"RUNNING","state":"Running","message":null,"submitTime":"2026-11-21T02:14:26.076848","completionTime":null}],"continue":"next"}
        """;

    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Fact]
    public async Task Status_FollowsEveryPage()
    {
        server.On("GET /v1/pipelines", r => new ReplayAnswer(
            200, r.PathAndQuery.Contains("continue=next", StringComparison.Ordinal) ? """{"pipelines":[],"continue":null}""" : Two));
        var result = await RunAsync("status", "long");
        Assert.Equal(
            """
            long1-1tnszutxj --> RUNNING
            Started         --> 2026-11-21T02:14:26.076848

            task                     | status    | command | resource_id | submitted·················
            -------------------------+-----------+---------+-------------+---------------------------
            long1-1tnszutxj--forever | executing | c       | r           | 2026-11-21T02:14:26.087986
            long1-1tnszutxj--x       | waiting·· | sh -c·· | None······· | None······················

            """.Replace('·', ' '),
            result.Out);
        Assert.Equal(["/v1/pipelines?q=long", "/v1/pipelines?q=long&continue=next"], server.Requests.Select(r => r.PathAndQuery));
    }

    [Fact]
    public async Task Status_NoMatch_IsNotFoundButSilentUnderTheOldName()
    {
        server.On("GET /v1/pipelines", """{"pipelines":[],"continue":null}""");
        var result = await RunAsync("status", "nosuch");
        Assert.Equal(ExitCode.NotFound, result.ExitCode);
        Assert.Contains("odin list", result.Error, StringComparison.Ordinal);

        cli.Alias = "status";
        Assert.Equal(new CliResult(0, "", ""), await RunAsync("nosuch"));
    }

    [Fact]
    public async Task Status_Columns_AreAdded()
    {
        server.On("GET /v1/pipelines", Two.Replace("\"next\"", "null", StringComparison.Ordinal));
        var result = await RunAsync("status", "long", "--columns", "image", "name");
        Assert.Contains("task                     | status    | command | name    | image | resource_id", result.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await RunAsync("status", "long", "--columns", "nosuch")).ExitCode);
    }

    [Fact]
    public async Task Status_AtATerminal_IsColoured()
    {
        server.On("GET /v1/pipelines", Two.Replace("\"next\"", "null", StringComparison.Ordinal));
        cli.IsTerminal = true;
        Assert.Contains("\e[32;1mRUNNING\e[0m", (await RunAsync("status", "long")).Out, StringComparison.Ordinal);
        cli.Variables["NO_COLOR"] = "1";
        Assert.DoesNotContain("\e", (await RunAsync("status", "long")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_SendsItsFiltersAndSaysThatThereIsMore()
    {
        server.On("GET /v1/pipelines", Two);
        var result = await RunAsync("list", "lo", "--status", "running", "--job", "a/b", "--limit", "1", "--offset", "2", "--order", "oldest", "-o", "name");
        Assert.Equal("long1-1tnszutxj\n", result.Out);
        Assert.Contains("--continue 'next'", result.Error, StringComparison.Ordinal);
        Assert.Equal("/v1/pipelines?q=lo&status=running&job=a%2Fb&limit=1&offset=2&order=asc&tasks=false", server.Requests.Single().PathAndQuery);
    }

    [Fact]
    public async Task List_Table_HasOneRowARun()
    {
        server.On("GET /v1/pipelines", Two.Replace("\"next\"", "null", StringComparison.Ordinal));
        cli.Time = new ManualTime(new DateTimeOffset(2026, 11, 21, 2, 16, 31, TimeSpan.Zero));
        Assert.Equal(
            """
            run             | job   | state   | submitted           | took·
            ----------------+-------+---------+---------------------+------
            long1-1tnszutxj | long1 | Running | 2026-11-21 02:14:26 | 2m04s

            """.Replace('·', ' '),
            (await RunAsync("list")).Out);
    }

    [Fact]
    public async Task Logs_AreCopiedAsTheyCome()
    {
        server.OnStream("GET /v1/resources/r--t/logs", async context =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.SendChunked = true;
            foreach (var part in new[] { "one\ntwö"u8.ToArray(), "!\n"u8.ToArray() })
            {
                await context.Response.OutputStream.WriteAsync(part);
                await context.Response.OutputStream.FlushAsync();
            }
            context.Response.Close();
        });
        var result = await RunAsync("logs", "r--t", "-f", "--lines", "5");
        Assert.Equal("one\ntwö!\n", result.Out);
        var request = server.Requests.First();
        Assert.Equal("/v1/resources/r--t/logs?follow=true&lines=5", request.PathAndQuery);
        Assert.Equal("text/plain", request.Accept);
    }

    [Fact]
    public async Task Logs_FollowedWhileTheTaskWaits_SayForWhatBesideTheLog()
    {
        HttpListenerResponse? log = null;
        server.OnStream("GET /v1/resources/r--t/logs", context =>
        {
            (log = context.Response).ContentType = "text/plain; charset=utf-8";
            log.SendChunked = true;
            return log.OutputStream.WriteAsync("first\n"u8.ToArray()).AsTask();
        });
        server.OnStream("GET /v1/pipelines/r/watch", async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.OutputStream.WriteAsync("""
                event: task
                data: {"id":"r--other","name":"other","state":"Queued","reason":"Unschedulable","message":"not asked for"}

                event: task
                data: {"id":"r--t","name":"t","state":"Queued","reason":"ImagePullBackOff","message":"the image 'x' cannot be pulled"}


                """u8.ToArray());
            await context.Response.OutputStream.FlushAsync();
        });
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var following = OdinProgram.RunAsync(["logs", "r--t", "-f", "--url", server.Url], cli.Environment(output, TextWriter.Synchronized(error)), null, handleSignals: false, default);
        await Eventually.True(() => error.GetStringBuilder().Length > 0, "a word beside the log");
        await log!.OutputStream.WriteAsync("done\n"u8.ToArray());
        log.Close();

        Assert.Equal(ExitCode.Success, await following);
        Assert.Equal(("first\ndone\n", "waits: r--t: ImagePullBackOff: the image 'x' cannot be pulled\n"), (output.ToString(), error.ToString()));
    }

    [Fact]
    public async Task Status_TaskThatWaits_SaysForWhatBesideTheTable()
    {
        var plain = Two.Replace("\"next\"", "null", StringComparison.Ordinal);
        server.On("GET /v1/pipelines", plain);
        var before = await RunAsync("status", "long");
        server.On("GET /v1/pipelines", plain.Replace(
            "\"id\":\"long1-1tnszutxj--forever\"", "\"id\":\"long1-1tnszutxj--forever\",\"state\":\"Queued\",\"reason\":\"Unschedulable\",\"message\":\"0/1 nodes\"", StringComparison.Ordinal));

        var result = await RunAsync("status", "long");
        Assert.Equal((before.Out, "waits: long1-1tnszutxj--forever: Unschedulable: 0/1 nodes\n"), (result.Out, result.Error));
        cli.Alias = "status";
        Assert.Equal("", (await RunAsync("long")).Error);
    }

    [Fact]
    public async Task Logs_OfTheOriginalServer_AreAJsonString()
    {
        server.On("GET /v1/resources/r/logs", "\"a\\nb\"");
        Assert.Equal("a\nb\n", (await RunAsync("logs", "r")).Out);
    }

    [Fact]
    public async Task Logs_Unknown_IsNotFound() => Assert.Equal(ExitCode.NotFound, (await RunAsync("logs", "nosuch")).ExitCode);

    [Fact]
    public async Task Logs_OfWhatCameFromTheCache_SayWhereItCameFrom()
    {
        server.On("GET /v1/resources/r-1/logs", _ => new ReplayAnswer(200, "", "text/plain")).On("GET /v1/resources/r-1--b/logs", _ => new ReplayAnswer(200, "", "text/plain"));
        server.On(
            "GET /v1/pipelines/r-1",
            """
            {"pipeline":{"id":"r-1","state":"Succeeded","tasks":[
              {"id":"r-1--a","name":"a","state":"Cached","cacheNote":"same inputs as in run 'r-0'"},
              {"id":"r-1--b","name":"b","state":"Succeeded","reason":"Reused","message":"Taken over from run 'r-0'."}]}}
            """);
        Assert.Equal(new CliResult(0, "", "a did not run: same inputs as in run 'r-0'\nb did not run: Reused: Taken over from run 'r-0'.\n"), await RunAsync("logs", "r-1"));
        Assert.Equal(new CliResult(0, "", "b did not run: Reused: Taken over from run 'r-0'.\n"), await RunAsync("logs", "r-1--b"));
        cli.Alias = "logs";
        Assert.Equal(new CliResult(0, "", ""), await RunAsync("r-1"));
    }

    [Fact]
    public async Task Logs_TaskThatWroteNothing_SaysSo()
    {
        server.On("GET /v1/resources/r-1/logs", _ => new ReplayAnswer(200, "", "text/plain"));
        server.On("GET /v1/pipelines/r-1", """{"pipeline":{"id":"r-1","state":"Running","tasks":[{"id":"r-1--a","name":"a","state":"Running"}]}}""");
        Assert.Equal("Nothing is written yet; -f waits for it.\n", (await RunAsync("logs", "r-1")).Error);
    }

    [Fact]
    public async Task Logs_PartOfAnId_IsEnoughIfItMeansOneRun()
    {
        server.On("GET /v1/pipelines", """{"pipelines":[{"id":"wine-3f"}],"continue":null}""");
        server.On("GET /v1/resources/wine-3f/logs", _ => new ReplayAnswer(200, "hello\n", "text/plain"));
        Assert.Equal(new CliResult(0, "hello\n", "The run that matches 'wine' is wine-3f.\n"), await RunAsync("logs", "wine"));

        server.On("GET /v1/pipelines", """{"pipelines":[{"id":"wine-3f"},{"id":"wine-4g"}],"continue":null}""");
        var several = await RunAsync("logs", "wine");
        Assert.Equal(ExitCode.Usage, several.ExitCode);
        Assert.Contains("matches several runs: wine-3f, wine-4g", several.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownTask_PointsToItsRun() =>
        Assert.Contains("`odin status wine-3f`", (await RunAsync("data", "wine-3f--nosuch")).Error, StringComparison.Ordinal);

    [Fact]
    public async Task Data_IsJsonOnOneLine()
    {
        server.On("GET /v1/resources/r/data", """{ "success": true, "jobs": { "label": "r", "submit_time": {"$date": 1795227187040} } }""");
        Assert.Equal("""{"success":true,"jobs":{"label":"r","submit_time":{"$date":1795227187040}}}""" + "\n", (await RunAsync("data", "r")).Out);
    }

    [Fact]
    public async Task Data_Null_IsNotFound()
    {
        server.On("GET /v1/resources/r/data", "null");
        Assert.Equal(ExitCode.NotFound, (await RunAsync("data", "r")).ExitCode);
    }

    [Fact]
    public async Task Events_AreATable()
    {
        server.On(
            "GET /v1/resources/r/events",
            """
            {"events":[{"id":"evt-r-0","eventType":"Normal","reason":"Started","source":"process","message":"m","timestamp":"t1"},
                       {"id":"evt-r-1","eventType":"Warning","reason":"Killed","source":"odin","message":"mm","timestamp":"t2"}]}
            """);
        Assert.Equal(
            """
            type    | reason  | source  | message | timestamp
            --------+---------+---------+---------+----------
            Normal  | Started | process | m       | t1·······
            Warning | Killed  | odin    | mm      | t2·······

            """.Replace('·', ' '),
            (await RunAsync("events", "r")).Out);
    }

    [Fact]
    public async Task Events_OfARun_NameTheTask()
    {
        server.On(
            "GET /v1/resources/r-1/events",
            """
            {"events":[{"id":"evt-r-1--a-0","eventType":"Normal","reason":"Created","source":"odin","message":"m","timestamp":"t1"},
                       {"id":"evt-r-1--train-knn-0","eventType":"Normal","reason":"Created","source":"odin","message":"m","timestamp":"t1"}]}
            """);
        Assert.Equal(
            """
            task      | type   | reason  | source | message | timestamp
            ----------+--------+---------+--------+---------+----------
            a········ | Normal | Created | odin·· | m······ | t1·······
            train-knn | Normal | Created | odin·· | m······ | t1·······

            """.Replace('·', ' '),
            (await RunAsync("events", "r-1")).Out);
        cli.Alias = "events";
        Assert.StartsWith("type   | reason", (await RunAsync("r-1")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_None_IsNoError()
    {
        server.On("GET /v1/resources/r/events", """{"events":[]}""");
        var result = await RunAsync("events", "r");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.Out);
    }

    [Theory]
    [InlineData("\"Yes\"", "\"No\"")]
    [InlineData("true", "false")]
    public async Task Cleanup_IsATable(string yes, string no)
    {
        server.On(
            "DELETE /v1/pipelines/r",
            $$"""{"cleanups":[{"taskId":"r","cleanedFromK8s":{{no}},"purgedFromDb":{{yes}},"removedFromFs":{{yes}}},{"taskId":"r--a","cleanedFromK8s":{{yes}},"purgedFromDb":{{yes}},"removedFromFs":{{no}}}]}""");
        var result = await RunAsync("cleanup", "r", "--db", "-f");
        Assert.Equal(
            """
            Results of this request:
            task_id | cleaned_from_k8s | purged_from_db | removed_from_fs
            --------+------------------+----------------+----------------
            r       | No               | Yes            | Yes············
            r--a    | Yes              | Yes            | No·············

            """.Replace('·', ' '),
            result.Out);
        Assert.Equal("/v1/pipelines/r?db=true&fs=true", server.Requests.Single().PathAndQuery);
    }

    [Fact]
    public async Task Cleanup_Unknown_PrintsTheRowUnderTheOldName()
    {
        server.On(
            "DELETE /v1/pipelines/r",
            """{"detail":"There is no run 'r'.","status":404,"cleanups":[{"taskId":"r","cleanedFromK8s":"No","purgedFromDb":"No","removedFromFs":"No"}]}""",
            404);
        Assert.Equal("", (await RunAsync("cleanup", "r")).Out);
        cli.Alias = "cleanup";
        var result = await RunAsync("r");
        Assert.Equal(ExitCode.NotFound, result.ExitCode);
        Assert.Contains("         task_id = r\n", result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cancelled", "r is cancelled. `odin rerun r` goes on from here.\n")]
    [InlineData("Succeeded", "r ended before it could be cancelled: Succeeded.\n")]
    public async Task Cancel_Wait_SaysHowItEnded(string state, string expected)
    {
        server.On("POST /v1/pipelines/r/cancel", """{"pipeline":{"id":"r","state":"Running"}}""");
        var end = $$"""{"id":"r","state":"{{state}}"}""";
        server.On("GET /v1/pipelines/r/watch", _ => new ReplayAnswer(200, $"event: pipeline\ndata: {end}\n\nevent: end\ndata: {end}\n\n", "text/event-stream"));
        Assert.Equal(new CliResult(0, expected, ""), await RunAsync("cancel", "r", "--wait"));
    }

    [Fact]
    public async Task Cancel_AlreadyCancelled_IsNotBeingCancelled()
    {
        server.On("POST /v1/pipelines/r/cancel", """{"pipeline":{"id":"r","status":"TERMINATED","state":"Cancelled"}}""");
        Assert.StartsWith("r is cancelled.", (await RunAsync("cancel", "r", "--wait")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_SaysSo()
    {
        server.On("POST /v1/pipelines/r/cancel", """{"pipeline":{"id":"r","state":"Running"}}""");
        Assert.Contains("r is being cancelled", (await RunAsync("cancel", "r")).Out, StringComparison.Ordinal);
    }

    private Task<CliResult> RunAsync(params string[] arguments) => cli.RunAsync([.. arguments, "--url", server.Url]);
}

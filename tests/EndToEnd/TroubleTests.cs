using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>Load, outages and bad machines, with the real programs.</summary>
public sealed class TroubleTests
{
    [Fact]
    public async Task Submit_TwoHundredRunsAtOnce_AllFinishAndTheApiAnswers()
    {
        await using var server = await OdinServer.StartAsync();
        await server.PutJobAsync("many", "name: many\ntasks:\n- {name: a, image: x, command: 'true'}\n- {name: b, image: x, command: 'true', depends: a}\n");
        var submits = Enumerable.Range(0, 200).Select(_ => server.SubmitAsync("many")).ToList();
        while (!Task.WhenAll(submits).IsCompleted)
        {
            using var answer = await server.Client.GetAsync("/v1/pipelines?limit=5");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        foreach (var run in await Task.WhenAll(submits))
            Assert.Equal("DONE", (await server.EndAsync(run))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Database_GoneForAWhile_503ThenOnWhereItWas()
    {
        await using var postgres = new PostgresServer();
        await using var server = await OdinServer.StartAsync("--database", await postgres.CreateDatabaseAsync());
        await server.PutJobAsync("outage", """
            name: outage
            tasks:
            - {name: a, image: x, command: sh, args: [-c, 'echo a >> ${RUN_PATH}/lines; until [ -e ${RUN_PATH}/go ]; do sleep 0.05; done']}
            - {name: b, image: x, command: sh, args: [-c, 'echo b >> ${RUN_PATH}/lines'], depends: a}
            """);
        var run = await server.SubmitAsync("outage");
        var workspace = Path.Combine(server.DataDirectory, "workspaces", run);
        await Eventually.True(() => File.Exists(Path.Combine(workspace, "lines")), "task a runs");

        await postgres.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(workspace, "go"), "");
        using (var answer = await server.Client.GetAsync($"/v1/pipelines/{run}"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter);
        }
        await postgres.StartAsync();
        await Eventually.True(server.IsReadyAsync, "the server has its database again");

        Assert.Equal("DONE", (await server.EndAsync(run))["status"]!.GetValue<string>());
        Assert.Equal(["a", "b"], await File.ReadAllLinesAsync(Path.Combine(workspace, "lines")));
    }

    // As containers leave them, which run as root.
    [Fact]
    public async Task Cleanup_FilesOfSomebodyElse_AreNamedAndOtherRunsGo()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only the administrator can make files of somebody else.");
        const int nobody = 65534;
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory["data"]);
        await TestProgram.RunAsync("chmod", ["755", directory.Path]);
        await TestProgram.RunAsync("chown", [$"{nobody}:{nobody}", directory["data"]]);
        string blocked, other, theirs;
        await using (var server = await OdinServer.StartAsync(new ServerSetup { User = nobody, DataDirectory = directory["data"] }))
        {
            await server.PutJobAsync("files", "name: files\ntasks: [{name: a, image: x, command: mkdir, args: ['${TASK_PATH}/out']}]\n");
            (blocked, other) = (await server.SubmitAsync("files"), await server.SubmitAsync("files"));
            Assert.Equal(("DONE", "DONE"), ((await server.EndAsync(blocked))["status"]!.GetValue<string>(), (await server.EndAsync(other))["status"]!.GetValue<string>()));
            Directory.CreateDirectory(theirs = directory[$"data/workspaces/{blocked}/a/out/theirs"]);
            await File.WriteAllTextAsync(Path.Combine(theirs, "file"), "");

            var (status, answer) = await CleanAsync(server, blocked);
            Assert.Equal(HttpStatusCode.Conflict, status);
            Assert.Contains($"'{theirs}' belongs to the user 0 (root), and the server is the user {nobody}", answer, StringComparison.Ordinal);
            Assert.Contains("security_context", answer, StringComparison.Ordinal);
            Assert.Equal("DONE", (await server.StatusAsync(blocked))["status"]!.GetValue<string>());
        }
        await using (var server = await OdinServer.StartAsync(new ServerSetup { User = nobody, DataDirectory = directory["data"], Arguments = ["--retention", "0.001s"] }))
        {
            await Eventually.True(() => server.Output.Contains($"Run '{blocked}' could not be deleted", StringComparison.Ordinal), "the word about the files");
            await Eventually.True(async () => (await server.Client.GetAsync($"/v1/pipelines/{other}")).StatusCode == HttpStatusCode.NotFound, "the other run goes");
            Directory.Delete(theirs, recursive: true);
            Assert.Equal(HttpStatusCode.OK, (await CleanAsync(server, blocked)).Status);
            Assert.False(Directory.Exists(directory[$"data/workspaces/{blocked}"]));
        }
    }

    private static async Task<(HttpStatusCode Status, string Answer)> CleanAsync(OdinServer server, string run)
    {
        using var response = await server.Client.DeleteAsync($"/v1/pipelines/{run}?db=true&fs=true");
        var body = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, JsonNode.Parse(body)!["detail"]?.GetValue<string>() ?? body);
    }

    [Fact]
    public async Task Start_OnADirectoryThatIsAFile_IsRefusedInASentence()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["data"], "not a directory");
        var (code, output) = await RunAsync(Programs.Server, "--data", directory["data"], "--urls", $"http://127.0.0.1:{FreePort.Find()}");

        Assert.NotEqual(0, code);
        Assert.Contains(directory["data"], output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecondServerOnOneDirectory_IsRefusedInASentence()
    {
        await using var server = await OdinServer.StartAsync();
        var (code, output) = await RunAsync(Programs.Server, "--data", server.DataDirectory, "--urls", $"http://127.0.0.1:{FreePort.Find()}");

        Assert.NotEqual(0, code);
        Assert.Contains(server.DataDirectory, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_BadDefinition_400WithEveryErrorAndItsPlaceAndNothingStored()
    {
        await using var server = await OdinServer.StartAsync();
        await server.PutJobAsync("bad", "name: bad\ntasks:\n- {name: a, image: x, comand: c, depends: nope}\n- {name: a, image: x, command: c, num_gpus: many}\n");
        using var content = new StringContent("""{"pipeline":{"job":"bad"}}""", System.Text.Encoding.UTF8, "application/json");
        using var response = await server.Client.PostAsync("/v1/pipelines", content);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var errors = body["errors"]!.AsArray();
        Assert.True(errors.Count >= 4, body.ToJsonString());
        Assert.All(errors, e => Assert.True(e!["line"]!.GetValue<int>() > 0 && e["column"]!.GetValue<int>() > 0));
        Assert.Empty(JsonNode.Parse(await server.Client.GetStringAsync("/v1/pipelines?q="))!["pipelines"]!.AsArray());
    }

    [Theory]
    [InlineData("/v1/jobs/..__..__etc/files/passwd")]
    [InlineData("/v1/jobs/%2Fetc/files/passwd")]
    [InlineData("/v1/jobs/a/files/..%2F..%2Fsecret")]
    public async Task Files_OutsideTheRepository_AreRefused(string path)
    {
        await using var server = await OdinServer.StartAsync();
        using var read = await server.Client.GetAsync(path);
        using var write = await server.Client.PostAsync(path, new StringContent("x"));

        Assert.True((int)read.StatusCode is 400 or 404, $"read: {read.StatusCode}");
        Assert.True((int)write.StatusCode is 400 or 404, $"write: {write.StatusCode}");
    }

    [Fact]
    public async Task Embedding_Example_Runs()
    {
        using var directory = new TemporaryDirectory();
        var (code, output) = await RunAsync(Programs.Example("Embedding", "embedding"), directory.Path);

        Assert.Equal("Succeeded: HELLO, EMBEDDER!", output.Trim());
        Assert.Equal(0, code);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }
}

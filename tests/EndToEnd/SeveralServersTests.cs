using System.Globalization;
using System.Text;
using Npgsql;

namespace Odin.EndToEnd;

/// <summary>Several servers on one PostgreSQL and one data directory: what happens to the runs of one that dies or stands still.</summary>
public sealed class SeveralServersTests : IAsyncLifetime
{
    private const int Tasks = 30;

    private readonly PostgresServer postgres = new();
    private readonly TemporaryDirectory directory = new();
    private readonly List<OdinServer> servers = [];
    private string database = "";

    public async ValueTask InitializeAsync() => database = await postgres.CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers)
            await server.DisposeAsync();
        await postgres.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Kill_OneOfTwoServers_TheOtherEndsItsRunsAndEachTaskRanOnce()
    {
        var (one, two) = await StartTwoAsync();
        await one.PutJobAsync("many", Definition());
        string[] runs = [await one.SubmitAsync("many"), await two.SubmitAsync("many"), await one.SubmitAsync("many"), await two.SubmitAsync("many")];
        foreach (var run in runs)
            await Eventually.True(() => Lines(run).Length >= 4, $"{run} is in the middle of its work");

        await one.KillAsync();

        foreach (var run in runs)
            await AssertDoneAsync(two, run);
    }

    [Fact]
    public async Task StandStill_OneOfTwoServers_TheOtherTakesOverAndNothingIsWrittenAfterwards()
    {
        var (one, two) = await StartTwoAsync();
        await one.PutJobAsync("many", Definition());
        string[] runs = [await one.SubmitAsync("many"), await two.SubmitAsync("many"), await one.SubmitAsync("many")];
        foreach (var run in runs)
            await Eventually.True(() => Lines(run).Length >= 4, $"{run} is in the middle of its work");
        var life = await LivesAsync();

        await SignalAsync(one, "STOP");
        foreach (var run in runs)
            await AssertDoneAsync(two, run);
        var versions = await VersionsAsync();
        await SignalAsync(one, "CONT");

        // It is over its surprise when it lives under a new name.
        await Eventually.True(one.IsReadyAsync, "the server answers again");
        await one.SubmitAsync("many");
        await Eventually.True(async () => (await LivesAsync()).Except(life).Any(), "the server has begun a new life");
        Assert.Equal(versions, (await VersionsAsync()).Where(v => versions.ContainsKey(v.Key)).ToDictionary());
        foreach (var run in runs)
        {
            await AssertDoneAsync(one, run);
            Assert.Equal(Tasks, Lines(run).Length);
        }
    }

    [Fact]
    public async Task Stop_OneOfTwoServers_HandsOverAtOnce()
    {
        var (one, two) = await StartTwoAsync();
        await one.PutJobAsync("many", Definition());
        var run = await one.SubmitAsync("many");
        await Eventually.True(() => Lines(run).Length >= 2, "the run is in the middle of its work");

        await SignalAsync(one, "TERM");

        await AssertDoneAsync(two, run);
    }

    [Theory]
    [InlineData("Downloading")]
    [InlineData(LifecycleWalk.Program)]
    [InlineData("Packing the model")]
    public async Task Kill_ServerOfATraining_TheOtherEndsItOnce(string moment)
    {
        servers.Add(await OdinServer.StartAsync(Setup()));
        var firstLife = (await LivesAsync()).Single();
        servers.Add(await OdinServer.StartAsync(Setup()));
        var (one, two) = (servers[0], servers[1]);
        var walk = new LifecycleWalk(one, directory);
        await walk.TrainUntilAsync("t", moment);
        // Whoever of the two has it in hand is the one that dies.
        var holder = (await ReadAsync("SELECT name, owner FROM leases")).Single(l => l.Key.StartsWith("Training/", StringComparison.Ordinal)).Value;
        var (dead, other) = holder == firstLife ? (one, two) : (two, one);
        await dead.KillAsync();
        File.Delete(walk.Hold);

        walk = new LifecycleWalk(other, directory);
        var status = await walk.EndAsync("training", "t");
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await walk.LogAsync("training", "t"));
        Assert.Equal("run\n", await File.ReadAllTextAsync(walk.ProgramLog));
        await walk.CheckArtifactAsync("t.zip");
        await walk.PackAsync("p", "t.zip");
        Assert.Equal("succeeded", (string?)(await walk.EndAsync("packaging", "p"))["state"]);
    }

    [Fact]
    public async Task Cancel_ThroughTheOtherServer_EndsTheRunAndBothTell()
    {
        var (one, two) = await StartTwoAsync();
        await one.PutJobAsync("long", "name: long\ntasks:\n- {name: a, image: x, command: sh, args: [-c, 'echo a >> ${RUN_PATH}/lines; exec sleep 600']}\n");
        var run = await one.SubmitAsync("long");
        await Eventually.True(() => Lines(run).Length == 1, "the task runs");

        using var response = await two.Client.PostAsync($"/v1/pipelines/{run}/cancel", null);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());

        Assert.Equal("TERMINATED", (await one.EndAsync(run))["status"]!.GetValue<string>());
        Assert.Equal("TERMINATED", (await two.EndAsync(run))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Start_TwoServersAtOnceOnNothing_BothWorkWithOneAdmin()
    {
        var setup = Setup();
        var starting = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => OdinServer.StartAsync(setup)));
        servers.AddRange(starting);

        // A token of one is good at the others.
        foreach (var server in starting)
        {
            server.Client.DefaultRequestHeaders.Authorization = starting[0].Client.DefaultRequestHeaders.Authorization;
            using var answer = await server.Client.GetAsync("/v1/users");
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Start_WithAnotherDataDirectory_IsRefusedInASentence()
    {
        servers.Add(await OdinServer.StartAsync(Setup()));
        var result = await new CliProgram(directory).RunAsync(
            Programs.Server, "--data", directory["other"], "--database", database, "--urls", $"http://127.0.0.1:{FreePort.Find()}");

        Assert.True(result.Code == 78, result.ToString());
        Assert.Contains($"'{directory["data"]}'", result.Error, StringComparison.Ordinal);
        Assert.Contains($"'{directory["other"]}'", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private async Task<(OdinServer One, OdinServer Two)> StartTwoAsync()
    {
        servers.Add(await OdinServer.StartAsync(Setup()));
        servers.Add(await OdinServer.StartAsync(Setup()));
        return (servers[0], servers[1]);
    }

    private ServerSetup Setup() => new() { DataDirectory = directory["data"], Arguments = ["--database", database, "--max-parallel", "4"] };

    private async Task AssertDoneAsync(OdinServer server, string run)
    {
        var status = await server.EndAsync(run);
        Assert.True(status["status"]!.GetValue<string>() == "DONE", status.ToJsonString());
        Assert.Equal(Enumerable.Range(0, Tasks).Select(i => $"t{i:000}"), Lines(run).Order());
    }

    private string[] Lines(string run)
    {
        var file = Path.Combine(directory["data"], "workspaces", run, "lines");
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    private Task<Dictionary<string, string>> VersionsAsync() =>
        ReadAsync("SELECT kind || '/' || id, version FROM resources WHERE kind IN ('Run', 'TaskRun', 'CacheEntry')");

    private async Task<IEnumerable<string>> LivesAsync() => (await ReadAsync("SELECT id, id FROM servers")).Keys;

    private async Task<Dictionary<string, string>> ReadAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new Dictionary<string, string>();
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0), reader.GetString(1));
        return rows;
    }

    // Ten rows of three: enough depth to be in the middle of for a while, with tasks that wait for a slot all the time.
    private static string Definition()
    {
        var text = new StringBuilder("name: many\ntasks:\n");
        for (var i = 0; i < Tasks; i++)
        {
            var depends = i < 3 ? "" : $", depends: t{i - 3:000}";
            text.AppendLine($"- {{name: t{i:000}, image: x, command: sh, args: [-c, \"echo t{i:000} >> ${{RUN_PATH}}/lines; sleep 0.{(i % 4) + 2}\"]{depends}}}");
        }
        return text.ToString();
    }

    private static async Task SignalAsync(OdinServer server, string signal) =>
        await TestProgram.RunAsync("kill", [$"-{signal}", server.ProcessId.ToString(CultureInfo.InvariantCulture)]);
}

using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Tests.Runs;

/// <summary>The list of runs when they have so many tasks that one answer must not hold them all.</summary>
public sealed class RunPageTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int TasksEach = 1800;

    private static readonly string[] Runs = ["page-a", "page-b", "page-c", "page-d"];

    private readonly TestServer server = fixture.Server;

    [Theory]
    [InlineData("desc")]
    [InlineData("asc")]
    public async Task List_RunsOfManyTasks_EndsThePageEarlyAndGoesOn(string order)
    {
        await CreateAsync();
        string[] expected = order == "asc" ? Runs : [.. Runs.Reverse()];

        var first = await server.Client.GetJsonAsync($"/v1/pipelines?q=page-&order={order}");
        Assert.Equal(expected[..2], Ids(first));
        Assert.All(first["pipelines"]!.AsArray(), r => Assert.Equal(TasksEach, r!["tasks"]!.AsArray().Count));
        Assert.NotNull((string?)first["continue"]);

        var rest = await server.Client.GetJsonAsync($"/v1/pipelines?q=page-&order={order}&continue={(string)first["continue"]!}");
        Assert.Equal(expected[2..], Ids(rest));
        Assert.Null((string?)rest["continue"]);

        // One offset is what old clients page with; what comes after it goes by key.
        var later = await server.Client.GetJsonAsync($"/v1/pipelines?q=page-&order={order}&offset=1");
        Assert.Equal(expected[1..3], Ids(later));
        Assert.Equal([expected[3]], Ids(await server.Client.GetJsonAsync($"/v1/pipelines?q=page-&order={order}&continue={(string)later["continue"]!}")));
    }

    [Fact]
    public async Task List_WithoutTasks_IsAsLongAsWasAsked()
    {
        await CreateAsync();
        var all = await server.Client.GetJsonAsync("/v1/pipelines?q=page-&tasks=false");
        Assert.Equal(Runs.Reverse(), Ids(all));
        Assert.Null((string?)all["continue"]);
    }

    /// <summary>One run is always there, however large, and an old client asks for one by its whole id.</summary>
    [Fact]
    public async Task List_OneLargeRun_IsThereWhole()
    {
        await CreateAsync();
        await CreateAsync("huge", 6000);
        var lines = await new StockClient(server).StatusAsync("huge");
        Assert.Equal(6001, lines.Count);
        Assert.Equal("huge --> DONE", lines[0]);
    }

    [Fact]
    public async Task List_ByAnOldClient_HasTheNewestWholeRuns()
    {
        await CreateAsync();
        var lines = await new StockClient(server).StatusAsync("page-");
        Assert.Equal(2 * (TasksEach + 1), lines.Count);
        Assert.Equal("page-d --> DONE", lines[0]);
        Assert.Equal("page-c --> DONE", lines[TasksEach + 1]);
    }

    private static IEnumerable<string> Ids(JsonNode page) => page["pipelines"]!.AsArray().Select(r => (string)r!["id"]!);

    private async Task CreateAsync()
    {
        if (await server.Store.FindAsync<Run>(Runs[^1], CancellationToken.None) is not null)
            return;
        foreach (var run in Runs)
            await CreateAsync(run, TasksEach);
    }

    private async Task CreateAsync(string id, int tasks)
    {
        var batch = new ResourceBatch(TimeProvider.System);
        batch.Create(new Run(
            new ResourceMetadata { Id = id },
            new RunSpec { Job = "paged", WorkPath = "/w", RootPath = "/", RunPath = "/r", PipelineName = "p" },
            new RunStatus { Phase = RunPhase.Succeeded }));
        for (var i = 0; i < tasks; i++)
        {
            batch.Create(new TaskRun(
                new ResourceMetadata { Id = $"{id}--t{i}" },
                new TaskRunSpec { RunId = id, Index = i, TaskPath = "/r", Task = new PipelineTask { Name = $"t{i}", Image = "i", Command = ["true"] } },
                new TaskRunStatus { Phase = TaskRunPhase.Succeeded, Attempt = 1 }));
        }
        await server.Store.ApplyAsync(batch, CancellationToken.None);
    }
}

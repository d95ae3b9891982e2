using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Tests.WebSockets;

/// <summary>STATUS over runs that are too many or too large for a frame.</summary>
public sealed class StatusFrameTests : IAsyncLifetime
{
    private const int ClientLimit = 1024 * 1024;

    private readonly CountingStore store = new();
    private TestServer server = null!;

    public async ValueTask InitializeAsync() => server = await TestServer.StartAsync(replace: s => s.AddSingleton<IResourceStore>(store));

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Status_OfManyLargeRuns_ShowsTheNewestThatFitAndReadsNoMore()
    {
        const int runs = 50, tasks = 200, size = 1000;
        for (var i = 0; i < runs; i++)
            await AddAsync($"large-{i:00}", tasks, size);
        store.TasksRead = 0;

        var rows = await AskAsync("large-");

        // A run is a little over 240 KB: three are shown, and of the fourth a part was read to see that it does not fit.
        Assert.Equal(["large-49", "large-48", "large-47"], rows.Select(r => (string)r!["pipeline_status"]!["label"]!));
        Assert.All(rows, r => Assert.Equal(tasks, r!["task_statuses"]!.AsArray().Count));
        Assert.InRange(store.TasksRead, 3 * tasks, 4 * tasks);
    }

    [Fact]
    public async Task Status_OfARunThatIsTooLargeAlone_ShowsAPartOfItsTasks()
    {
        await AddAsync("older", 1, 10);
        await AddAsync("huge", 20_000, 100);
        store.TasksRead = 0;

        var row = Assert.Single(await AskAsync(""))!;

        Assert.Equal("huge", (string)row["pipeline_status"]!["label"]!);
        var shown = row["task_statuses"]!.AsArray().Count;
        Assert.InRange(shown, 1000, 10_000);
        Assert.InRange(store.TasksRead, shown, shown + 100);
    }

    private async Task<JsonArray> AskAsync(string text)
    {
        using var socket = await TestServer.ConnectAsync(server.LegacySocket);
        await socket.SendAsync(
            Encoding.UTF8.GetBytes($$"""{"command":"STATUS","request":"{{text}}"}"""), System.Net.WebSockets.WebSocketMessageType.Text, true, CancellationToken.None);
        var frame = (await socket.ReadAsync())!;
        Assert.InRange(Encoding.UTF8.GetByteCount(frame), 1, ClientLimit);
        Assert.Null(await socket.ReadAsync());
        return JsonNode.Parse(frame)!["response"]!.AsArray();
    }

    private async Task AddAsync(string id, int tasks, int size)
    {
        // One after the other, or they would all be equally new.
        await Eventually.True(() => TimeProvider.System.GetUtcNow() > store.Last, "the clock goes on");
        var batch = new ResourceBatch(TimeProvider.System);
        var run = batch.Create(new Run(
            new ResourceMetadata { Id = id },
            new RunSpec { Job = "j", PipelineName = "p", WorkPath = "/w", RootPath = "/", RunPath = "/r" },
            new RunStatus { Phase = RunPhase.Succeeded, Finished = TimeProvider.System.GetUtcNow() }));
        store.Last = run.Metadata.Created.AddMicroseconds(1);
        var image = new string('i', size);
        for (var i = 0; i < tasks; i++)
        {
            var task = new PipelineTask { Name = $"t{i}", Image = image, Command = ["true"] };
            var spec = new TaskRunSpec { RunId = id, Index = i, Task = task, TaskPath = "/t" };
            batch.Create(new TaskRun(new ResourceMetadata { Id = $"{id}--t{i}" }, spec, new TaskRunStatus { Phase = TaskRunPhase.Succeeded }));
        }
        await store.ApplyAsync(batch, CancellationToken.None);
    }

    /// <summary>Counts what is read.</summary>
    private sealed class CountingStore() : ForwardingStore(new InMemoryResourceStore())
    {
        private int tasksRead;

        public int TasksRead
        {
            get => Volatile.Read(ref tasksRead);
            set => Volatile.Write(ref tasksRead, value);
        }

        public DateTimeOffset Last { get; set; }

        public override async Task<ResourcePage<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken)
        {
            var page = await base.ListAsync<T>(query, cancellationToken);
            if (typeof(T) == typeof(TaskRun))
                Interlocked.Add(ref tasksRead, page.Items.Count);
            return page;
        }
    }
}

using Odin.Batch;
using Odin.Resources;
using Odin.Server.Batch;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Tests.Batch;

/// <summary>A job that is made while its service is deleted: one of the two is refused.</summary>
public sealed class BatchRaceTests
{
    private readonly InMemoryResourceStore inner = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Delete_WhileAJobIsMade_IsRefused()
    {
        await CreateAsync("s");
        var store = new MeddlingStore(inner)
        {
            AfterList = async () => await inner.ApplyAsync(await JobAsync("job-s-1"), Token),
        };
        var noun = new InferenceServiceNoun(store, new BatchOptions(), TimeProvider.System);
        var error = await Assert.ThrowsAsync<LifecycleException>(() => noun.DeleteAsync("s", Token));
        Assert.Equal("Unable to delete service: \"s\". Cause: there are child jobs", error.Message);
        Assert.NotNull(await inner.FindAsync<InferenceService>("s", Token));
    }

    [Fact]
    public async Task Delete_WhileTheServiceIsChanged_DeletesIt()
    {
        await CreateAsync("s");
        var store = new MeddlingStore(inner)
        {
            AfterList = async () => await inner.UpdateSpecAsync((await inner.FindAsync<InferenceService>("s", Token))!, TimeProvider.System, Token),
        };
        Assert.Equal("Inference Service s was deleted", await new InferenceServiceNoun(store, new BatchOptions(), TimeProvider.System).DeleteAsync("s", Token));
        Assert.Null(await inner.FindAsync<InferenceService>("s", Token));
    }

    [Fact]
    public async Task Create_WhileTheServiceIsDeleted_IsRefused()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new Lifecycle.LifecycleClient(server);
        // Half of them meet a service that is going.
        for (var round = 0; round < 20; round++)
        {
            var id = $"s{round}";
            await client.ExpectAsync(
                System.Net.HttpStatusCode.Created, HttpMethod.Post, "batch/service",
                $$$"""{"id":"{{{id}}}","spec":{"image":"i","command":["true"],"modelRegistry":{"local":{"meta":{"name":"m","version":"1"},"modelPath":"/"}},"dataSource":{"connection":"models-output","path":"nowhere"},"outputDestination":{"connection":"models-output","path":"nowhere"} } }""");
            await Task.WhenAll(
                client.SendAsync(HttpMethod.Post, "batch/job", $$$"""{"spec":{"inferenceServiceId":"{{{id}}}"} }"""),
                client.SendAsync(HttpMethod.Delete, $"batch/service/{id}"),
                client.SendAsync(HttpMethod.Post, "batch/job", $$$"""{"spec":{"inferenceServiceId":"{{{id}}}"} }"""));
            var jobs = (await client.ExpectAsync(System.Net.HttpStatusCode.OK, HttpMethod.Get, $"batch/job?service={id}")).AsArray();
            Assert.Equal(jobs.Count > 0, await server.Store.FindAsync<InferenceService>(id, Token) is not null);
        }
    }

    private async Task CreateAsync(string id) => await inner.CreateAsync(new InferenceService(new ResourceMetadata { Id = id }, new InferenceServiceSpec()), TimeProvider.System, Token);

    // As the noun of jobs writes one.
    private async Task<ResourceBatch> JobAsync(string id)
    {
        var service = (await inner.FindAsync<InferenceService>("s", Token))!;
        var batch = new ResourceBatch(TimeProvider.System);
        var place = new DataPlace("c", "");
        batch.Create(new InferenceJob(
            new ResourceMetadata { Id = id },
            new InferenceJobSpec { Service = service.Id, Program = service.Spec.Program, DataSource = place, OutputDestination = place, RequestId = "r" },
            new InferenceJobStatus()));
        batch.UpdateStatus(service);
        return batch;
    }

    /// <summary>Does something once, when jobs have been listed.</summary>
    private sealed class MeddlingStore(IResourceStore inner) : ForwardingStore(inner)
    {
        private bool isDone;

        public required Func<Task> AfterList { get; init; }

        public override async Task<ResourcePage<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken)
        {
            var page = await base.ListAsync<T>(query, cancellationToken);
            if (!isDone && typeof(T) == typeof(InferenceJob))
            {
                isDone = true;
                await AfterList();
            }
            return page;
        }
    }
}

using Microsoft.Extensions.DependencyInjection;
using Odin.Deployments;
using Odin.Routes;
using Odin.Server.Hosting;
using Odin.Storage;

namespace Odin.Server.Tests.Deployments;

/// <summary>A server on which nothing runs deployments: what would be written of them, the tests write.</summary>
public sealed class UnservedServer : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly Func<ServerOptions, ServerOptions>? configure;

    public UnservedServer()
    {
    }

    internal UnservedServer(Func<ServerOptions, ServerOptions> configure) => this.configure = configure;

    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(
        configure, services => services.AddSingleton(new ReplicaOptions { Directory = directory.Path, Workers = 0 }));

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        directory.Dispose();
    }
}

/// <summary>Writes what a reconciler of deployments would.</summary>
internal static class ServedModels
{
    public static Task SetStatusAsync(TestServer server, string id, DeploymentStatus status) => ApplyAsync(
        server,
        async batch =>
        {
            var deployment = await server.Store.FindAsync<Deployment>(id, CancellationToken.None) ?? throw new InvalidOperationException($"There is no deployment '{id}'.");
            batch.UpdateStatus(deployment with { Status = status });
            var feed = server.Services.GetRequiredService<EventFeed>();
            await feed.AppendAsync(batch, EventGroups.Deployment, id, EventTypes.DeploymentStatusUpdated, CancellationToken.None);
        });

    public static Task RemoveAsync(TestServer server, string id) => ApplyAsync(
        server,
        batch =>
        {
            batch.Delete<Deployment>(id);
            return server.Services.GetRequiredService<DefaultRoutes>().AddRemovalAsync(id, batch, CancellationToken.None);
        });

    private static async Task ApplyAsync(TestServer server, Func<ResourceBatch, Task> fill)
    {
        while (true)
        {
            var batch = new ResourceBatch(TimeProvider.System);
            await fill(batch);
            try
            {
                await server.Store.ApplyAsync(batch, CancellationToken.None);
                return;
            }
            catch (ResourceConflictException)
            {
                // An event of another one took the number.
            }
        }
    }
}

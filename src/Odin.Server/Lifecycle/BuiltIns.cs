using Odin.Connections;
using Odin.Packagings;
using Odin.Resources;
using Odin.Server.Hosting;
using Odin.Storage;
using Odin.Toolchains;

namespace Odin.Server.Lifecycle;

/// <summary>
/// What there is at the first start: a place for artifacts, the toolchains and the packaging integrations. Of each kind only
/// where there is none at all, so that what somebody has deleted stays away.
/// </summary>
internal sealed class BuiltIns(IResourceStore store, DataDirectory data, TimeProvider time) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var artifacts = Directory.CreateDirectory(Path.Combine(data.Path, "artifacts")).FullName;
        await AddAsync(BuiltInConnections.All(artifacts), cancellationToken);
        await AddAsync(BuiltInToolchains.All, cancellationToken);
        await AddAsync(BuiltInIntegrations.All, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task AddAsync<T>(IEnumerable<T> resources, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        if ((await store.ListAsync<T>(new ResourceQuery { Limit = 1 }, cancellationToken)).Items.Count > 0)
            return;
        var batch = new ResourceBatch(time);
        foreach (var resource in resources)
            batch.Create(resource);
        try
        {
            await store.ApplyAsync(batch, cancellationToken);
        }
        catch (ResourceAlreadyExistsException)
        {
            // Another server has started at the same moment.
        }
    }
}

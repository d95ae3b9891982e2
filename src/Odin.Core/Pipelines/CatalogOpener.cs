using Microsoft.Extensions.Hosting;

namespace Odin.Pipelines;

/// <summary>Makes or reaches the repository of the jobs when the host starts, so that what is wrong is said at once.</summary>
internal sealed class CatalogOpener(PipelineCatalog catalog) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => catalog.OpenAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

using Microsoft.Extensions.Hosting;

namespace Odin.Pipelines;

/// <summary>
/// Makes the repository of the jobs when the host starts, and asks a remote once, so that what is wrong is said at once. The
/// start does not wait for the remote: a server whose remote is lost still serves its runs.
/// </summary>
internal sealed class CatalogOpener(PipelineCatalog catalog) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await catalog.OpenAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    // What is wrong with the remote goes into the log and into the status.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        catalog.IsRemote ? catalog.RefreshAsync(stoppingToken) : Task.CompletedTask;
}

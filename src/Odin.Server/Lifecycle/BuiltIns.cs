using Odin.Connections;
using Odin.Feedback;
using Odin.Packagings;
using Odin.Resources;
using Odin.Server.Hosting;
using Odin.Storage;
using Odin.Toolchains;

namespace Odin.Server.Lifecycle;

/// <summary>
/// What there is at the first start: places for artifacts and for feedback, the toolchains and the packaging integrations. Of each kind only
/// where there is none at all, so that what somebody has deleted stays away. The connection to the feedback came later, and has a mark of
/// its own; where feedback lies elsewhere, the connection to that is the one to name.
/// </summary>
internal sealed class BuiltIns(IResourceStore store, DataDirectory data, FeedbackOptions feedback, TimeProvider time) : IHostedService
{
    private const string FeedbackMark = ".feedback-connection";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var artifacts = Directory.CreateDirectory(Path.Combine(data.Path, "artifacts")).FullName;
        await AddAsync(BuiltInConnections.All(artifacts), cancellationToken);
        await AddFeedbackAsync(cancellationToken);
        await AddAsync(BuiltInToolchains.All, cancellationToken);
        await AddAsync(BuiltInIntegrations.All, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task AddAsync<T>(IEnumerable<T> resources, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        if ((await store.ListAsync<T>(new ResourceQuery { Limit = 1 }, cancellationToken)).Items.Count > 0)
            return;
        await CreateAsync(resources, cancellationToken);
    }

    private async Task AddFeedbackAsync(CancellationToken cancellationToken)
    {
        if (feedback.Connection is not null || File.Exists(data[FeedbackMark]))
            return;
        var directory = Directory.CreateDirectory(data["feedback"]).FullName;
        await CreateAsync([BuiltInConnections.ToFeedback(directory)], cancellationToken);
        await File.WriteAllTextAsync(data[FeedbackMark], "", cancellationToken);
    }

    private async Task CreateAsync<T>(IEnumerable<T> resources, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var batch = new ResourceBatch(time);
        foreach (var resource in resources)
            batch.Create(resource);
        try
        {
            await store.ApplyAsync(batch, cancellationToken);
        }
        catch (ResourceAlreadyExistsException)
        {
            // Another server has started at the same moment, or somebody has made one of that name.
        }
    }
}

using System.ComponentModel;
using Odin.Steps;
using Odin.Storage;

namespace Odin.Server.Lifecycle;

/// <summary>The logs of work in steps, as the inherited API streams them.</summary>
internal static class StepEndpoints
{
    // Some clients give up after ten seconds without a byte, and ask again.
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(8);

    /// <param name="nouns">The group of the noun.</param>
    /// <param name="name">Of the kind: for the description.</param>
    /// <param name="inherited">Of the kind in the inherited message, which clients may look for.</param>
    public static void MapSteps<T>(this RouteGroupBuilder nouns, string name, string inherited)
        where T : class, IStepResource<T>
    {
        // A delegate rather than the method: the framework's analyzer cannot look at generic ones.
        Func<string, string?, IResourceStore, StepLogs<T>, TimeProvider, CancellationToken, Task<IResult>> read =
            (string id, [Description("true: go on until it has ended")] string? follow, IResourceStore store, StepLogs<T> logs, TimeProvider time, CancellationToken cancellationToken) =>
                ReadLogAsync(inherited, id, follow, store, logs, time, cancellationToken);
        nouns.MapGet("/{id}/log", read).WithTags("Model lifecycle").WithName($"Read{name}Log").WithSummary($"{name}: its log, as text")
            .Produces<string>(StatusCodes.Status200OK, "text/plain").Produces<LifecycleMessage>(StatusCodes.Status404NotFound).Produces<LifecycleMessage>(StatusCodes.Status409Conflict);
    }

    /// <summary>Notes what a program says of its work.</summary>
    /// <exception cref="LifecycleException">There is no such resource, or no work on it has begun.</exception>
    public static async Task ReportAsync<T>(string id, IResourceStore store, TimeProvider time, Func<T, T> change, CancellationToken cancellationToken)
        where T : class, IStepResource<T>
    {
        while (true)
        {
            var resource = await store.FindAsync<T>(id, cancellationToken);
            if (resource is null || !StepLogs<T>.HasStarted(resource.Progress))
                throw LifecycleException.NotFound(id);
            try
            {
                await store.UpdateStatusAsync(change(resource), time, cancellationToken);
                return;
            }
            catch (ResourceConflictException)
            {
                // The work has gone on meanwhile.
            }
        }
    }

    private static async Task<IResult> ReadLogAsync<T>(
        string inherited, string id, string? follow, IResourceStore store, StepLogs<T> logs, TimeProvider time, CancellationToken cancellationToken)
        where T : class, IStepResource<T>
    {
        var goOn = LogStream.ReadFlag(follow);
        var resource = await store.FindAsync<T>(id, cancellationToken) ?? throw LifecycleException.NotFound(id);
        if (goOn && !StepLogs<T>.HasStarted(resource.Progress))
            resource = await WaitAsync(inherited, id, logs, time, cancellationToken) ?? throw LifecycleException.NotFound(id);
        return StepLogs<T>.HasStarted(resource.Progress)
            ? new LogStream(token => logs.ReadAsync(resource, goOn, token))
            : throw new LifecycleException(StatusCodes.Status409Conflict, $"model {inherited} {id} has not started yet");
    }

    private static async Task<T?> WaitAsync<T>(string inherited, string id, StepLogs<T> logs, TimeProvider time, CancellationToken cancellationToken)
        where T : class, IStepResource<T>
    {
        using var limit = new CancellationTokenSource(StartPatience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await logs.WaitForStartAsync(id, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LifecycleException(StatusCodes.Status409Conflict, $"model {inherited} {id} has not started yet");
        }
    }
}

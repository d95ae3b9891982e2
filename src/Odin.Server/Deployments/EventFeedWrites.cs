using Odin.Routes;
using Odin.Storage;
using Route = Odin.Routes.Route;

namespace Odin.Server.Deployments;

/// <summary>Writes with an event: put together again as long as others are faster.</summary>
internal static class EventFeedWrites
{
    /// <summary>Carries out a batch, and returns what <paramref name="fill"/> has returned of it.</summary>
    /// <param name="fill">Fills a new batch; called again after a conflict.</param>
    public static async Task<T> ApplyAsync<T>(IResourceStore store, TimeProvider time, Func<ResourceBatch, Task<T>> fill, CancellationToken cancellationToken)
    {
        while (true)
        {
            var batch = new ResourceBatch(time);
            var result = await fill(batch);
            try
            {
                await store.ApplyAsync(batch, cancellationToken);
                return result;
            }
            catch (ResourceConflictException)
            {
                // Another event took the number.
            }
            catch (ResourceAlreadyExistsException e) when (e.Kind == Route.Kind && IsNamedByUs(batch, e.Id))
            {
                // The digits behind the name of a default route are somebody's already: others may be free.
            }
        }
    }

    private static bool IsNamedByUs(ResourceBatch batch, string routeId) =>
        batch.Writes.Any(w => w is { WriteKind: WriteKind.Create, Resource: Route { Spec.DefaultOf: not null } route } && route.Id == routeId);
}

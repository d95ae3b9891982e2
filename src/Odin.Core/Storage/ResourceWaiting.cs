using Odin.Resources;

namespace Odin.Storage;

/// <summary>Waits for resources, by the changes of the store.</summary>
public static class ResourceWaiting
{
    /// <summary>Waits until something holds of a resource. False when the store was closed before.</summary>
    /// <param name="isSo">Is given null while there is no such resource.</param>
    public static async Task<bool> WaitUntilAsync<T>(this IResourceStore store, string id, Func<T?, bool> isSo, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        // Watched before it is looked at, so that nothing falls between the two.
        await using var watcher = ResourceWatcher.Start<T>(store, cancellationToken);
        do
        {
            if (isSo(await store.FindAsync<T>(id, cancellationToken)))
                return true;
        }
        while (await watcher.WaitAsync(change => change.Id == id));
        return false;
    }
}

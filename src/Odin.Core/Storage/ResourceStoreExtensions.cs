using System.Runtime.CompilerServices;
using Odin.Resources;

namespace Odin.Storage;

/// <summary>Single writes and whole lists on top of <see cref="IResourceStore"/>.</summary>
public static class ResourceStoreExtensions
{
    /// <summary>Creates one resource and returns it as stored.</summary>
    public static async Task<T> CreateAsync<T>(this IResourceStore store, T resource, TimeProvider time, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var batch = new ResourceBatch(time);
        var stored = batch.Create(resource);
        await store.ApplyAsync(batch, cancellationToken);
        return stored;
    }

    /// <summary>Replaces the spec of one resource and returns it as stored.</summary>
    public static async Task<T> UpdateSpecAsync<T>(this IResourceStore store, T resource, TimeProvider time, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var batch = new ResourceBatch(time);
        var stored = batch.UpdateSpec(resource);
        await store.ApplyAsync(batch, cancellationToken);
        return stored;
    }

    /// <summary>Replaces the status of one resource and returns it as stored.</summary>
    public static async Task<T> UpdateStatusAsync<T>(this IResourceStore store, T resource, TimeProvider time, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var batch = new ResourceBatch(time);
        var stored = batch.UpdateStatus(resource);
        await store.ApplyAsync(batch, cancellationToken);
        return stored;
    }

    /// <summary>Removes one resource; a missing one is success.</summary>
    public static Task DeleteAsync<T>(this IResourceStore store, string id, TimeProvider time, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var batch = new ResourceBatch(time);
        batch.Delete<T>(id);
        return store.ApplyAsync(batch, cancellationToken);
    }

    /// <summary>All resources that match, page after page.</summary>
    public static async IAsyncEnumerable<T> EnumerateAsync<T>(
        this IResourceStore store, ResourceQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        query = query with { Limit = ResourceQuery.MaxLimit };
        do
        {
            var page = await store.ListAsync<T>(query, cancellationToken);
            foreach (var item in page.Items)
                yield return item;
            query = query with { Continue = page.Continue, Offset = 0 };
        }
        while (query.Continue is not null);
    }
}

using Odin.Resources;
using Odin.Storage;

namespace Odin.Server.Lifecycle;

/// <summary>Which part of a list is asked for: <c>size</c>, <c>page</c> and filters, as the inherited API has them.</summary>
internal sealed record LifecyclePage(int Size, int Number)
{
    private const int DefaultSize = 500;

    /// <summary>The resources on the page that the query asks for, and how many match on all pages.</summary>
    /// <param name="isShown">Null: all are.</param>
    public static async Task<(IEnumerable<T> Page, int Total)> SelectAsync<T>(
        IResourceStore store, IQueryCollection query, IReadOnlyDictionary<string, Func<T, string?>> filters, Func<T, bool>? isShown, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var page = Read(query, filters.Keys);
        var matching = new List<T>();
        await foreach (var resource in store.EnumerateAsync<T>(new ResourceQuery(), cancellationToken))
        {
            if (isShown?.Invoke(resource) != false && Matches(resource, query, filters))
                matching.Add(resource);
        }
        return (page.Take(matching), matching.Count);
    }

    // Every other name has to be a filter.
    private static LifecyclePage Read(IQueryCollection query, IEnumerable<string> filters)
    {
        foreach (var name in query.Keys)
        {
            if (name is not ("size" or "page") && !filters.Contains(name))
                throw LifecycleException.BadRequest($"cannot find {name} url parameter");
        }
        return new LifecyclePage(ReadNumber(query, "size") ?? DefaultSize, ReadNumber(query, "page") ?? 0);
    }

    // In the order of their ids.
    private IEnumerable<T> Take<T>(IEnumerable<T> all)
        where T : class, IResource<T> =>
        all.OrderBy(r => r.Metadata.Id, StringComparer.Ordinal).Skip((int)Math.Min((long)Size * Number, int.MaxValue)).Take(Size);

    // Values of one filter are alternatives; a single star is none.
    private static bool Matches<T>(T resource, IQueryCollection query, IReadOnlyDictionary<string, Func<T, string?>> filters) =>
        filters.All(f => !query.TryGetValue(f.Key, out var wanted) || wanted is ["*"] || wanted.Contains(f.Value(resource)));

    private static int? ReadNumber(IQueryCollection query, string name)
    {
        if (!query.TryGetValue(name, out var values))
            return null;
        if (values.Count != 1)
            throw LifecycleException.BadRequest($"the {name} URL parameter must be only one");
        if (!int.TryParse(values[0], System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number))
            throw LifecycleException.BadRequest($"strconv.Atoi: parsing \"{values[0]}\": invalid syntax");
        return number >= 0 ? number : throw LifecycleException.BadRequest($"the {name} URL parameter must not be negative");
    }
}

using Odin.Resources;

namespace Odin.Storage;

/// <summary>
/// Which resources of a kind, in which order, from where on. Paging goes by key (<see cref="Continue"/>);
/// <see cref="Offset"/> exists for the inherited API alone.
/// </summary>
public sealed record ResourceQuery
{
    /// <summary>Default and maximum number of items on a page.</summary>
    public const int DefaultLimit = 50, MaxLimit = 1000;

    /// <summary>Only resources of this parent.</summary>
    public string? Parent { get; init; }

    /// <summary>Only resources in one of these phases; null or empty: any.</summary>
    public IReadOnlyCollection<string>? Phases { get; init; }

    /// <summary>Only ids that contain this text; ASCII letters match in either case; no wildcards.</summary>
    public string? IdContains { get; init; }

    /// <summary>Only ids that start with this text, with regard to case; no wildcards.</summary>
    public string? IdPrefix { get; init; }

    /// <summary>Only resources created before this moment.</summary>
    public DateTimeOffset? CreatedBefore { get; init; }

    /// <summary>Newest first if true; oldest first (the default) if not. Equal times are ordered by id.</summary>
    public bool Descending { get; init; }

    /// <summary>Number of items on the page, 1 to <see cref="MaxLimit"/>.</summary>
    public int Limit { get; init; } = DefaultLimit;

    /// <summary>The <see cref="ResourcePage{T}.Continue"/> of the page before; null for the first page.</summary>
    public string? Continue { get; init; }

    /// <summary>How many items to leave out; walks over them, so it costs time in proportion.</summary>
    public int Offset { get; init; }

    /// <summary>What to put into <see cref="Continue"/> to go on after this resource, for who does not use a page to its end.</summary>
    public string ContinueAfter(ResourceMetadata last) =>
        ContinueToken.Encode(new SortKey(SortKey.Microseconds(last.Created), last.Id), Descending);
}

/// <summary>One page of a list.</summary>
/// <param name="Items">At most <see cref="ResourceQuery.Limit"/> resources.</param>
/// <param name="Continue">Opaque; what to put into the query for the next page. Null: this was the last page.</param>
public sealed record ResourcePage<T>(IReadOnlyList<T> Items, string? Continue);

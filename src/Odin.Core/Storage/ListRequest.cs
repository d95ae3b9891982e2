using System.Text;

namespace Odin.Storage;

/// <summary>A <see cref="ResourceQuery"/>, checked and brought into the form in which every store answers it.</summary>
internal sealed record ListRequest
{
    private const int MaxPhases = 32;

    private ListRequest()
    {
    }

    public string? Parent { get; private init; }

    /// <summary>Without duplicates; empty: any.</summary>
    public IReadOnlyList<string> Phases { get; private init; } = [];

    /// <summary>What the id contains once its ASCII letters are lower case.</summary>
    public string? IdContains { get; private init; }

    public string? IdPrefix { get; private init; }

    /// <summary>The least text above all that start with <see cref="IdPrefix"/>; null: there is none.</summary>
    public string? IdPrefixEnd { get; private init; }

    /// <summary>Microseconds; exclusive.</summary>
    public long? CreatedBefore { get; private init; }

    public bool Descending { get; private init; }

    public int Limit { get; private init; }

    public int Offset { get; private init; }

    /// <summary>The page starts behind this item.</summary>
    public SortKey? After { get; private init; }

    /// <summary>True when no resource can match.</summary>
    public bool MatchesNothing { get; private init; }

    /// <exception cref="InvalidQueryException">Limit, offset, phases or continue token out of range.</exception>
    public static ListRequest From(ResourceQuery query)
    {
        if (query.Limit is < 1 or > ResourceQuery.MaxLimit)
            throw new InvalidQueryException($"The limit must be from 1 to {ResourceQuery.MaxLimit}, not {query.Limit}.", "limit");
        if (query.Offset < 0)
            throw new InvalidQueryException($"The offset must not be negative, as {query.Offset} is.", "offset");
        var phases = query.Phases?.Distinct(StringComparer.Ordinal).ToArray() ?? [];
        if (phases.Length > MaxPhases)
            throw new InvalidQueryException($"A list can be filtered by at most {MaxPhases} phases, not by {phases.Length}.", "phases");

        string?[] texts = [query.Parent, query.IdContains, query.IdPrefix, .. phases];
        return new ListRequest
        {
            Parent = query.Parent,
            Phases = phases,
            IdContains = query.IdContains is { Length: > 0 } part ? StoredText.ToLowerAscii(part) : null,
            IdPrefix = query.IdPrefix is { Length: > 0 } prefix ? prefix : null,
            IdPrefixEnd = query.IdPrefix is null ? null : End(query.IdPrefix),
            CreatedBefore = query.CreatedBefore is { } before ? SortKey.MicrosecondsUp(before) : null,
            Descending = query.Descending,
            Limit = query.Limit,
            Offset = query.Offset,
            After = query.Continue is null ? null : ContinueToken.Decode(query.Continue, query.Descending),
            MatchesNothing = texts.Any(t => t is not null && !StoredText.CanExist(t)),
        };
    }

    /// <summary>Cuts the surplus item that says whether there is a next page.</summary>
    /// <param name="found">Up to one more than <see cref="Limit"/>.</param>
    public ResourcePage<T> Page<T>(List<T> found, Func<T, SortKey> key)
    {
        if (found.Count <= Limit)
            return new ResourcePage<T>(found, null);
        found.RemoveRange(Limit, found.Count - Limit);
        return new ResourcePage<T>(found, ContinueToken.Encode(key(found[^1]), Descending));
    }

    private static string? End(string prefix)
    {
        if (!StoredText.CanExist(prefix))
            return null;
        var runes = prefix.EnumerateRunes().ToList();
        while (runes.Count > 0)
        {
            var last = runes[^1].Value;
            runes.RemoveAt(runes.Count - 1);
            if (last < 0x10FFFF)
                return string.Concat(runes) + new Rune(last == 0xD7FF ? 0xE000 : last + 1);
        }
        return null;
    }
}

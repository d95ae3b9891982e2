namespace Odin.Pipelines;

/// <summary>Finds what somebody meant.</summary>
public static class NearestName
{
    private const int MaxDistance = 3;
    private const int LongestName = 100;

    /// <summary>The candidate with the fewest single-character changes, if there are few enough; the first one on a tie.</summary>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        if (name.Length is 0 or > LongestName)
            return null;
        // A short name resembles everything; a third of it may be wrong, but at least one letter.
        var limit = Math.Min(MaxDistance, Math.Max(1, (name.Length + 1) / 3));
        string? best = null;
        foreach (var candidate in candidates)
        {
            if (Math.Abs(candidate.Length - name.Length) > limit)
                continue;
            var distance = Distance(name, candidate);
            if (distance > limit)
                continue;
            best = candidate;
            limit = distance - 1;
            if (limit < 0)
                break;
        }
        return best;
    }

    /// <summary>Single-character insertions, deletions, replacements and swaps of neighbours; case does not count.</summary>
    public static int Distance(string left, string right)
    {
        var width = right.Length + 1;
        Span<int> rows = width <= 128 ? stackalloc int[3 * width] : new int[3 * width];
        var before = rows[..width];
        var previous = rows.Slice(width, width);
        var current = rows.Slice(2 * width, width);
        for (var j = 0; j < width; j++)
            previous[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
            }
            var oldest = before;
            before = previous;
            previous = current;
            current = oldest;
        }
        return previous[right.Length];
    }
}

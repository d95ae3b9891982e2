namespace Odin.Storage;

/// <summary>The place of a resource in every list: by time of creation, then by id in the order of its UTF-8 bytes.</summary>
/// <param name="Created">Microseconds since 1970, UTC.</param>
internal readonly record struct SortKey(long Created, string Id) : IComparable<SortKey>
{
    /// <summary>Whole microseconds since 1970; a finer time is rounded down.</summary>
    public static long Microseconds(DateTimeOffset time) =>
        (time.UtcTicks / TimeSpan.TicksPerMicrosecond) - (DateTimeOffset.UnixEpoch.UtcTicks / TimeSpan.TicksPerMicrosecond);

    /// <summary>The first whole microsecond that is not before the time.</summary>
    public static long MicrosecondsUp(DateTimeOffset time) =>
        Microseconds(time) + (time.UtcTicks % TimeSpan.TicksPerMicrosecond == 0 ? 0 : 1);

    public int CompareTo(SortKey other) =>
        Created != other.Created ? Created.CompareTo(other.Created) : CompareUtf8(Id, other.Id);

    // Ordinal comparison of UTF-16 puts U+E000..U+FFFF after what needs surrogates; databases compare bytes of UTF-8.
    private static int CompareUtf8(string left, string right)
    {
        var length = Math.Min(left.Length, right.Length);
        for (var i = 0; i < length; i++)
        {
            if (left[i] != right[i])
                return Rank(left[i]) - Rank(right[i]);
        }
        return left.Length - right.Length;
    }

    private static int Rank(char unit) => unit switch
    {
        >= '\uE000' => unit - 0x0800,
        >= '\uD800' => unit + 0x2000,
        _ => unit,
    };
}

using Odin.Routes;

namespace Odin.Server.Gateway;

/// <summary>Chooses the target of a request.</summary>
internal static class TrafficSplitter
{
    /// <summary>The target at a place from 0 to 1; in the long run each gets its weight.</summary>
    /// <param name="targets">At least one; those with a weight of 0 are never chosen, unless all are.</param>
    public static RouteTarget Choose(IReadOnlyList<RouteTarget> targets, double place)
    {
        var sum = 0;
        for (var i = 0; i < targets.Count; i++)
            sum += targets[i].Weight;
        var left = place * sum;
        RouteTarget? last = null;
        for (var i = 0; i < targets.Count; i++)
        {
            if (targets[i].Weight <= 0)
                continue;
            last = targets[i];
            left -= last.Weight;
            if (left < 0)
                return last;
        }
        return last ?? targets[0];
    }

    /// <summary>The same place for the same key, in every process, spread evenly.</summary>
    public static double PlaceOf(string key)
    {
        // FNV-1a, and its bits mixed once more: keys often differ in their last character alone.
        var hash = 14695981039346656037UL;
        foreach (var c in key)
            hash = (hash ^ c) * 1099511628211UL;
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccdUL;
        hash ^= hash >> 33;
        return (hash >> 11) * (1.0 / (1UL << 53));
    }
}

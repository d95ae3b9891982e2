namespace Odin.Deployments;

/// <summary>What is to be done with the replicas of a deployment.</summary>
/// <param name="Start">How many of the newest revision.</param>
/// <param name="Restore">How many of the last revision that was ready.</param>
/// <param name="Drain">The ids of those that get no more requests.</param>
internal sealed record RolloutStep(int Start, int Restore, IReadOnlyList<string> Drain);

/// <summary>
/// Brings the replicas to the number that is wanted, all of the newest revision. Old ones go only as new ones become ready, so
/// that a revision which does not start takes nothing away; and old ones that die meanwhile are replaced.
/// </summary>
internal static class RolloutDecider
{
    /// <param name="revision">The newest; null: its image is not there yet, and what runs runs on.</param>
    /// <param name="mayStart">False while starts are held back, because the last ones have failed.</param>
    /// <param name="fallback">Replicas of the last revision that was ready which are needed while the newest is not; 0: it need not, or cannot, be restored.</param>
    public static RolloutStep Decide(IReadOnlyList<Replica> replicas, string? revision, int wanted, bool mayStart, int fallback)
    {
        var live = replicas.Where(r => r.State != ReplicaState.Draining).ToList();
        var current = live.Where(r => r.Revision == revision).ToList();
        var old = live.Where(r => r.Revision != revision).ToList();
        if (revision is null)
            return new RolloutStep(0, 0, []);
        var ready = current.Count(r => r.State == ReplicaState.Ready);
        // No more than are kept below, or they would come and go.
        var restore = ready == 0 ? Math.Max(0, Math.Min(fallback, wanted) - old.Count) : 0;
        // Those first that serve nobody yet, then the newest: its caches are the coldest.
        var surplus = current.OrderBy(r => r.State == ReplicaState.Ready).ThenByDescending(r => r.Since).ThenBy(r => r.Id, StringComparer.Ordinal).Take(Math.Max(0, current.Count - wanted));
        // Also one that is not ready at the moment is kept: it may be so again before the new ones are.
        var replaced = old.OrderByDescending(r => r.State == ReplicaState.Ready).ThenBy(r => r.Since).ThenBy(r => r.Id, StringComparer.Ordinal).Skip(Math.Max(0, wanted - ready));
        return new RolloutStep(mayStart ? Math.Max(0, wanted - current.Count) : 0, restore, [.. surplus.Concat(replaced).Select(r => r.Id)]);
    }
}

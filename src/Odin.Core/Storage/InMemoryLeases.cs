namespace Odin.Storage;

/// <summary>Leases of a store that only one program uses: nothing is written, and asking costs next to nothing.</summary>
/// <param name="list">Ids of a kind in some phases, oldest first.</param>
/// <param name="isShared">True lets several engines of one process take over from each other, as several servers do.</param>
internal sealed class InMemoryLeases(
    TimeProvider time, Func<string, IReadOnlyCollection<string>, CancellationToken, IAsyncEnumerable<string>> list, Action released, bool isShared)
    : ILeaseStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, DateTimeOffset> servers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Owner, long Number)> leases = new(StringComparer.Ordinal);
    private long last;

    public bool IsShared => isShared;

    public Task JoinAsync(string server, string? previous, TimeSpan duration, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (previous is not null)
                servers.Remove(previous);
            servers.Add(server, Expiry(duration));
        }
        return Task.CompletedTask;
    }

    public Task<bool> RenewAsync(string server, TimeSpan duration, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (!Lives(server))
                return Task.FromResult(false);
            servers[server] = Expiry(duration);
            return Task.FromResult(true);
        }
    }

    public Task LeaveAsync(string server, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            servers.Remove(server);
            foreach (var (name, lease) in leases)
            {
                if (lease.Owner == server)
                    leases.Remove(name);
            }
        }
        released();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<LeaseToken>> AcquireAsync(string server, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var acquired = new List<LeaseToken>(names.Count);
        lock (gate)
        {
            foreach (var name in Lives(server) ? names : [])
            {
                if (leases.TryGetValue(name, out var held) && held.Owner != server && Lives(held.Owner))
                    continue;
                leases[name] = (server, ++last);
                acquired.Add(new LeaseToken(name, last));
            }
        }
        return Task.FromResult<IReadOnlyList<LeaseToken>>(acquired);
    }

    public Task ReleaseAsync(IReadOnlyCollection<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var token in tokens)
            {
                if (leases.TryGetValue(token.Name, out var held) && held.Number == token.Number)
                    leases.Remove(token.Name);
            }
        }
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<string> ListFreeAsync(
        string kind, IReadOnlyCollection<string> phases, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var id in list(kind, phases, cancellationToken))
        {
            if (IsFree(ILeaseStore.NameOf(kind, id)))
                yield return id;
        }
    }

    /// <summary>Whether the lease is still the one that was acquired, and its owner lives.</summary>
    public bool IsGood(LeaseToken token)
    {
        lock (gate)
            return leases.TryGetValue(token.Name, out var held) && held.Number == token.Number && Lives(held.Owner);
    }

    private bool IsFree(string name)
    {
        lock (gate)
            return !leases.TryGetValue(name, out var held) || !Lives(held.Owner);
    }

    private bool Lives(string server) => servers.TryGetValue(server, out var expires) && expires > time.GetUtcNow();

    private DateTimeOffset Expiry(TimeSpan duration) =>
        duration == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : time.GetUtcNow() + duration;
}

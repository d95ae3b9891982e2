namespace Odin.Storage;

/// <summary>
/// Who works on what. Leases belong to a server and live as long as that: a server that has not renewed its life in time
/// has lost all of its leases, and whoever wants one of them may have it. Time is the store's own.
/// All implementations pass one conformance suite (<c>LeaseConformance</c>).
/// </summary>
/// <remarks>A store that cannot be asked throws <see cref="StoreUnavailableException"/>.</remarks>
public interface ILeaseStore
{
    /// <summary>
    /// Whether other programs may use the store. If not, nobody can take over anything, so nothing needs to expire.
    /// </summary>
    bool IsShared { get; }

    /// <summary>Begins the life of a server.</summary>
    /// <param name="server">A name that nobody has had before.</param>
    /// <param name="previous">The name under which the same program lived before, which ends now; null: none.</param>
    /// <param name="duration">How long the server lives without renewal; infinite: for ever.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    Task JoinAsync(string server, string? previous, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Lets the server live for another <paramref name="duration"/>. False: its life was over, and its leases are lost.</summary>
    Task<bool> RenewAsync(string server, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Ends the life of the server, so that others can have its leases at once; they are told so.</summary>
    Task LeaveAsync(string server, CancellationToken cancellationToken);

    /// <summary>
    /// Acquires those of the leases that no other living server holds. One that the server holds already gets a new token.
    /// </summary>
    Task<IReadOnlyList<LeaseToken>> AcquireAsync(string server, IReadOnlyCollection<string> names, CancellationToken cancellationToken);

    /// <summary>Gives leases back; what was lost meanwhile is left alone.</summary>
    Task ReleaseAsync(IReadOnlyCollection<LeaseToken> tokens, CancellationToken cancellationToken);

    /// <summary>
    /// The ids of the resources of a kind in one of these phases whose lease (<see cref="NameOf"/>) no living server holds,
    /// oldest first.
    /// </summary>
    IAsyncEnumerable<string> ListFreeAsync(string kind, IReadOnlyCollection<string> phases, CancellationToken cancellationToken);

    /// <summary>The name of the lease of a resource.</summary>
    static string NameOf(string kind, string id) => $"{kind}/{id}";
}

using Odin.Execution;
using Odin.Files;
using Odin.Git;
using Odin.ObjectStorage;

namespace Odin.Connections;

/// <summary>What came of trying a connection.</summary>
/// <param name="Message">A sentence: what was reached, or what is wrong and what to do.</param>
public sealed record ConnectionFinding(bool Works, string Message);

/// <summary>Tries connections of some types, getting in as those do who use them. It changes nothing there.</summary>
public interface IConnectionProbe
{
    /// <summary>Of <see cref="ConnectionTypes"/>.</summary>
    IReadOnlyList<string> Types { get; }

    /// <exception cref="SecretsUnavailableException">Its secrets cannot be read.</exception>
    Task<ConnectionFinding> TryAsync(Connection connection, CancellationToken cancellationToken);
}

/// <summary>Says whether a connection leads anywhere, and lets us in.</summary>
public sealed class ConnectionTester(IEnumerable<IConnectionProbe> probes, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <exception cref="SecretsUnavailableException">Its secrets cannot be read.</exception>
    public async Task<ConnectionFinding> TestAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (probes.FirstOrDefault(p => p.Types.Contains(connection.Spec.Type)) is not { } probe)
            return new ConnectionFinding(false, $"Connections of type {connection.Spec.Type} cannot be tried.");
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await probe.TryAsync(connection, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ConnectionFinding(false, $"There was no answer from '{GitText.Redact(connection.Spec.Uri)}' within {Patience.TotalSeconds:0} s: check the address, and whether this machine may get there.");
        }
    }
}

/// <summary>Tries buckets, containers and directories.</summary>
internal sealed class StorageProbe(StorageOpener opener) : IConnectionProbe
{
    public IReadOnlyList<string> Types => ConnectionTypes.Storage;

    public async Task<ConnectionFinding> TryAsync(Connection connection, CancellationToken cancellationToken)
    {
        try
        {
            using var opened = await opener.OpenAsync(connection.Id, cancellationToken);
            await opened.Storage.CheckAsync(cancellationToken);
            var path = opened.Location.Path;
            var isThere = path.Length == 0 || await opened.Storage.FindAsync(path, cancellationToken) is not null || await AnyAsync(opened.Storage.ListAsync($"{path}/", cancellationToken));
            return new ConnectionFinding(true, $"{StorageConnections.Capital(opened.Storage.Description)} can be read{(isThere ? "" : $"; there is nothing at '{path}' yet")}.");
        }
        catch (ObjectStorageException e)
        {
            return new ConnectionFinding(false, e.Message);
        }
    }

    private static async Task<bool> AnyAsync(IAsyncEnumerable<StoredObject> objects)
    {
        await foreach (var _ in objects)
            return true;
        return false;
    }
}

/// <summary>Tries git repositories.</summary>
/// <param name="directory">In which a directory for keys can be made for the time being.</param>
internal sealed class GitProbe(GitConnections repositories, string directory, TimeProvider time) : IConnectionProbe
{
    private static readonly TimeSpan Stale = TimeSpan.FromHours(1);

    public IReadOnlyList<string> Types { get; } = [ConnectionTypes.Git];

    public async Task<ConnectionFinding> TryAsync(Connection connection, CancellationToken cancellationToken)
    {
        // What a server that was killed has left holds keys.
        if (Directory.Exists(directory))
        {
            foreach (var old in Directory.EnumerateDirectories(directory).Where(d => time.GetUtcNow() - Directory.GetLastWriteTimeUtc(d) > Stale).ToList())
                DirectoryRemoval.Delete(old);
        }
        var scratch = Path.Combine(directory, Guid.NewGuid().ToString("N"));
        OwnerOnly.CreateDirectory(scratch);
        try
        {
            var known = await GitSourceCheckout.ListReferencesAsync(await repositories.FindAsync(connection, cancellationToken), scratch, cancellationToken);
            var reference = connection.Spec.Reference ?? "";
            var isThere = reference.Length == 0 ? known.Contains("HEAD") : known.Any(r => r == reference || r.EndsWith("/" + reference, StringComparison.Ordinal)) || reference.All(char.IsAsciiHexDigit);
            return isThere || reference.Length == 0
                ? new ConnectionFinding(true, $"The repository '{GitText.Redact(connection.Spec.Uri)}' can be read{(isThere ? "" : "; it is empty")}.")
                : new ConnectionFinding(false, $"The repository '{GitText.Redact(connection.Spec.Uri)}' can be read, but it has no '{reference}': name a branch, a tag or a commit that is there.");
        }
        catch (GitException e)
        {
            return new ConnectionFinding(false, e.Message);
        }
        finally
        {
            DirectoryRemoval.Delete(scratch);
        }
    }
}

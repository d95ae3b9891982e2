using Odin.Resources;
using Odin.Storage;

namespace Odin.Connections;

/// <summary>The connections with their secrets: the one place where the two come together.</summary>
public sealed class ConnectionCatalog(IResourceStore store, ISecretStore secrets, TimeProvider time)
{
    public Task<Connection?> FindAsync(string id, CancellationToken cancellationToken) => store.FindAsync<Connection>(id, cancellationToken);

    /// <exception cref="SecretsUnavailableException">They cannot be read.</exception>
    public Task<ConnectionSecrets> RevealAsync(Connection connection, CancellationToken cancellationToken) =>
        connection.Spec.Sealed is { } @sealed ? secrets.OpenAsync(connection.Id, @sealed, cancellationToken) : Task.FromResult(ConnectionSecrets.None);

    /// <exception cref="ResourceAlreadyExistsException">The id is taken.</exception>
    public async Task<Connection> CreateAsync(string id, ConnectionSpec spec, ConnectionSecrets values, CancellationToken cancellationToken)
    {
        // A vault must not lose the secrets of the connection that has the id already.
        if (await FindAsync(id, cancellationToken) is not null)
            throw new ResourceAlreadyExistsException(Connection.Kind, id);
        return await StoreAsync(id, await SealAsync(id, spec, values, cancellationToken), spec => store.CreateAsync(new Connection(new ResourceMetadata { Id = id }, spec), time, cancellationToken));
    }

    /// <summary>Replaces a connection.</summary>
    /// <exception cref="ResourceConflictException">It has changed since it was read.</exception>
    public async Task<Connection> ReplaceAsync(Connection old, ConnectionSpec spec, ConnectionSecrets values, CancellationToken cancellationToken) =>
        await StoreAsync(old.Id, await SealAsync(old.Id, spec, values, cancellationToken), spec => store.UpdateSpecAsync(old with { Spec = spec }, time, cancellationToken));

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        // The secrets first: a vault that does not answer leaves a connection that can be deleted again.
        if (await secrets.FindLastAsync(id, cancellationToken) is { } last)
            await secrets.ForgetAsync(id, last, cancellationToken);
        await store.DeleteAsync<Connection>(id, time, cancellationToken);
    }

    // Whoever was slower takes back what only they know of.
    private async Task<Connection> StoreAsync(string id, ConnectionSpec spec, Func<ConnectionSpec, Task<Connection>> store)
    {
        try
        {
            return await store(spec);
        }
        catch (Exception e) when (spec.Sealed is not null && e is ResourceAlreadyExistsException or ResourceConflictException or ResourceNotFoundException)
        {
            await secrets.TakeBackAsync(id, spec.Sealed!, CancellationToken.None);
            throw;
        }
    }

    private async Task<ConnectionSpec> SealAsync(string id, ConnectionSpec spec, ConnectionSecrets values, CancellationToken cancellationToken) => spec with
    {
        Has = values.Kinds,
        Sealed = values.Kinds == SecretKinds.None ? null : await secrets.SealAsync(id, values, cancellationToken),
    };
}

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
        return await store.CreateAsync(new Connection(new ResourceMetadata { Id = id }, await SealAsync(id, spec, values, cancellationToken)), time, cancellationToken);
    }

    /// <summary>Replaces a connection.</summary>
    /// <exception cref="ResourceConflictException">It has changed since it was read.</exception>
    public async Task<Connection> ReplaceAsync(Connection old, ConnectionSpec spec, ConnectionSecrets values, CancellationToken cancellationToken) =>
        await store.UpdateSpecAsync(old with { Spec = await SealAsync(old.Id, spec, values, cancellationToken) }, time, cancellationToken);

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        var old = await FindAsync(id, cancellationToken);
        await store.DeleteAsync<Connection>(id, time, cancellationToken);
        if (old?.Spec.Sealed is { } @sealed)
            await secrets.ForgetAsync(id, @sealed, cancellationToken);
    }

    private async Task<ConnectionSpec> SealAsync(string id, ConnectionSpec spec, ConnectionSecrets values, CancellationToken cancellationToken) => spec with
    {
        Has = values.Kinds,
        Sealed = values.Kinds == SecretKinds.None ? null : await secrets.SealAsync(id, values, cancellationToken),
    };
}

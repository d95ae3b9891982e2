using Odin.Resources;
using Odin.Storage;

namespace Odin.Connections;

/// <summary>Seals the secrets of all connections with a new key.</summary>
public sealed class SecretRotation(IResourceStore store, ISecretStore secrets, SecretKeyRing keys, TimeProvider time)
{
    /// <summary>
    /// Makes a new key, where keys are kept in a file, and seals everything with the newest one. It may be repeated after a
    /// failure. The key before stays until the next rotation.
    /// </summary>
    /// <returns>How many connections were sealed anew.</returns>
    /// <exception cref="InvalidOperationException">The secrets are kept by somebody else.</exception>
    /// <exception cref="SecretsUnavailableException">Some cannot be opened. The others are sealed anew; no key was dropped.</exception>
    public async Task<int> RotateAsync(CancellationToken cancellationToken)
    {
        if (secrets is not SealedSecretStore sealing)
            throw new InvalidOperationException("The secrets of connections are not sealed with keys of this server: whoever keeps them has keys of his own.");
        if (keys.CanRotate)
            keys.Rotate();
        var (count, failure) = (0, (SecretsUnavailableException?)null);
        await foreach (var connection in store.EnumerateAsync<Connection>(new ResourceQuery(), cancellationToken))
        {
            try
            {
                if (await SealAgainAsync(sealing, connection.Id, cancellationToken))
                    count++;
            }
            catch (SecretsUnavailableException e)
            {
                failure ??= e;
            }
        }
        if (failure is not null)
            throw failure;
        if (keys.CanRotate)
            keys.Retire(await NamedAsync(cancellationToken));
        return count;
    }

    // The keys that something is still sealed with, whoever has just sealed it.
    private async Task<IReadOnlySet<string>> NamedAsync(CancellationToken cancellationToken)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var connection in store.EnumerateAsync<Connection>(new ResourceQuery(), cancellationToken))
        {
            if (connection.Spec.Sealed?.Split('.') is [_, var key, _])
                named.Add(key);
        }
        return named;
    }

    private async Task<bool> SealAgainAsync(SealedSecretStore sealing, string id, CancellationToken cancellationToken)
    {
        while (await store.FindAsync<Connection>(id, cancellationToken) is { Spec.Sealed: { } @sealed } connection && !sealing.IsCurrent(@sealed))
        {
            var values = await sealing.OpenAsync(id, @sealed, cancellationToken);
            try
            {
                var again = await sealing.SealAsync(id, values, cancellationToken);
                await store.UpdateStatusAsync(connection with { Spec = connection.Spec with { Sealed = again } }, time, cancellationToken);
                return true;
            }
            catch (ResourceConflictException)
            {
                // Somebody has just changed it, and may have sealed it with the newest key.
            }
        }
        return false;
    }
}

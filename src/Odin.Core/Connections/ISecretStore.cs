namespace Odin.Connections;

/// <summary>Keeps the secrets of connections: sealed beside the connection, or in a vault.</summary>
public interface ISecretStore
{
    /// <summary>Keeps them, and returns what is to be stored with the connection to find them again.</summary>
    Task<string> SealAsync(string id, ConnectionSecrets secrets, CancellationToken cancellationToken);

    /// <exception cref="SecretsUnavailableException">They cannot be read; the message says why and what to do.</exception>
    Task<ConnectionSecrets> OpenAsync(string id, string @sealed, CancellationToken cancellationToken);

    /// <summary>What <see cref="SealAsync"/> returned last for the id, of whichever connection; null: nothing is kept of it elsewhere.</summary>
    Task<string?> FindLastAsync(string id, CancellationToken cancellationToken);

    /// <summary>What was kept of a connection goes, up to what was sealed then, and nothing of one that gets its id later.</summary>
    Task ForgetAsync(string id, string @sealed, CancellationToken cancellationToken);

    /// <summary>What was sealed goes alone: nobody has come to know of it.</summary>
    Task TakeBackAsync(string id, string @sealed, CancellationToken cancellationToken);
}

/// <summary>The secrets of a connection cannot be read: the key is another one, or the vault does not answer.</summary>
public sealed class SecretsUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

namespace Odin.Connections;

/// <summary>Keeps the secrets of connections: sealed beside the connection, or in a vault.</summary>
public interface ISecretStore
{
    /// <summary>Keeps them, and returns what is to be stored with the connection to find them again.</summary>
    Task<string> SealAsync(string id, ConnectionSecrets secrets, CancellationToken cancellationToken);

    /// <exception cref="SecretsUnavailableException">They cannot be read; the message says why and what to do.</exception>
    Task<ConnectionSecrets> OpenAsync(string id, string @sealed, CancellationToken cancellationToken);

    /// <summary>The connection is gone: what was kept of it up to then goes, and nothing of one that has its id by now.</summary>
    Task ForgetAsync(string id, string @sealed, CancellationToken cancellationToken);
}

/// <summary>The secrets of a connection cannot be read: the key is another one, or the vault does not answer.</summary>
public sealed class SecretsUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

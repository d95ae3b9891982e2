using Odin.Git;

namespace Odin.Connections;

/// <summary>Finds the git repositories that connections lead to, with their secrets.</summary>
public sealed class GitConnections(ConnectionCatalog connections, LocalDirectories directories)
{
    /// <summary>The repository of a connection, with what is needed to get in.</summary>
    /// <exception cref="GitException">It may not lead there.</exception>
    /// <exception cref="SecretsUnavailableException">Its secrets cannot be read.</exception>
    public async Task<GitSourceAddress> FindAsync(Connection connection, CancellationToken cancellationToken)
    {
        if (directories.Refuse(connection.Spec) is { } refusal)
            throw new GitException($"The connection '{connection.Id}' {refusal}.");
        var secrets = await connections.RevealAsync(connection, cancellationToken);
        return new GitSourceAddress
        {
            Uri = connection.Spec.Uri,
            UserName = connection.Spec.Username,
            Password = secrets.Kinds.HasFlag(SecretKinds.Password) ? secrets.PasswordText : null,
            SshKey = secrets.Kinds.HasFlag(SecretKinds.KeySecret) ? secrets.KeySecretText : null,
            KnownHosts = connection.Spec.PublicKey,
        };
    }
}

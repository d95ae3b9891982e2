using Odin.Git;

namespace Odin.Connections;

/// <summary>Connections to git repositories.</summary>
public static class GitConnections
{
    /// <summary>The repository of a connection, with what is needed to get in.</summary>
    public static GitSourceAddress AddressOf(Connection connection, ConnectionSecrets secrets) => new()
    {
        Uri = connection.Spec.Uri,
        UserName = connection.Spec.Username,
        Password = secrets.Kinds.HasFlag(SecretKinds.Password) ? secrets.PasswordText : null,
        SshKey = secrets.Kinds.HasFlag(SecretKinds.KeySecret) ? secrets.KeySecretText : null,
        KnownHosts = connection.Spec.PublicKey,
    };
}

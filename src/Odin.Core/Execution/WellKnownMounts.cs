namespace Odin.Execution;

/// <summary>What programs of ours expect in a container, and where (spec 1.3, 3.2).</summary>
public static class WellKnownMounts
{
    /// <summary>File permission bits.</summary>
    public const int ReadableByAll = 0b110_100_100, ReadableByOwner = 0b100_000_000;

    public static SecretMount Credentials { get; } = new("odin-cred", "/etc/odind/odin-cred.yml", "odin-cred.yml", ReadableByAll);

    public static SecretMount SshKey { get; } = new("ssh-key", "/etc/odind/identity", "identity", ReadableByOwner);

    public static IReadOnlyList<ConfigMapMount> SshConfiguration { get; } =
    [
        new("ssh-config", "/etc/ssh/ssh_config", "ssh_config"),
        new("ssh-config", "/etc/ssh/ssh_known_hosts", "known_hosts"),
    ];
}

using Odin.Execution;

namespace Odin.Kubernetes.Workloads;

/// <summary>What is mounted into tasks that run programs of ours, as far as the namespace has it (spec 3.2).</summary>
internal sealed record AutomaticMounts(IReadOnlyList<SecretMount> Secrets, IReadOnlyList<ConfigMapMount> ConfigMaps)
{
    public static AutomaticMounts None { get; } = new([], []);

    /// <summary>What a command would get if all of it existed.</summary>
    public static AutomaticMounts For(IReadOnlyList<string> command)
    {
        var program = command[0][(command[0].LastIndexOf('/') + 1)..];
        if (!program.StartsWith("odin", StringComparison.Ordinal))
            return None;
        var isChore = program.StartsWith("odin-chore", StringComparison.Ordinal) || command is [_, "chore", ..];
        return isChore
            ? new AutomaticMounts([WellKnownMounts.Credentials, WellKnownMounts.SshKey], WellKnownMounts.SshConfiguration)
            : new AutomaticMounts([WellKnownMounts.Credentials], []);
    }

    /// <summary>The part of it that exists.</summary>
    public AutomaticMounts Only(Func<string, bool> hasSecret, Func<string, bool> hasConfigMap) =>
        new([.. Secrets.Where(s => hasSecret(s.Name))], [.. ConfigMaps.Where(c => hasConfigMap(c.Name))]);
}

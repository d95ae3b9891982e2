using Odin.Execution;
using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>Reads what a task mounts.</summary>
internal static class VolumeReader
{
    private const int AllPermissions = 0b111_111_111;

    /// <summary>Secrets whose place in the container is known.</summary>
    private static readonly Dictionary<string, SecretMount> WellKnownSecrets = new(StringComparer.Ordinal)
    {
        [WellKnownMounts.Credentials.Name] = WellKnownMounts.Credentials,
        [WellKnownMounts.SshKey.Name] = WellKnownMounts.SshKey,
    };

    public static List<VolumeMount> ReadMounts(MapReader task)
    {
        var result = new List<VolumeMount>();
        foreach (var mount in task.Maps("mount", "mounts"))
        {
            mount.RefuseUnknown(["name", "path", "claim"]);
            var name = mount.RequiredText("name", "name the volume");
            var path = mount.RequiredText("path", "say where the volume appears in the container");
            var claim = mount.Text("claim");
            if (name is not null && path is not null)
                result.Add(new VolumeMount(name, path, claim));
        }
        return result;
    }

    public static List<SecretMount> ReadSecrets(MapReader task)
    {
        var result = new List<SecretMount>();
        foreach (var secret in task.Maps("secret", "secrets"))
        {
            secret.RefuseUnknown(["name", "path", "sub_path", "mode"]);
            if (secret.RequiredText("name", "name the secret") is not { } name)
                continue;
            var known = WellKnownSecrets.GetValueOrDefault(name);
            var path = known is null ? secret.RequiredText("path", "say where the secret appears in the container") : secret.Text("path") ?? known.Path;
            var mode = secret.Integer("mode", 0, AllPermissions) ?? known?.Mode ?? WellKnownMounts.ReadableByAll;
            if (path is not null)
                result.Add(new SecretMount(name, path, secret.Text("sub_path") ?? known?.SubPath ?? "", mode));
        }
        return result;
    }

    public static List<ConfigMapMount> ReadConfigMaps(MapReader task)
    {
        var result = new List<ConfigMapMount>();
        foreach (var map in task.Maps("config_map", "config_maps"))
        {
            map.RefuseUnknown(["name", "path", "sub_path"]);
            var name = map.RequiredText("name", "name the config map");
            var path = map.RequiredText("path", "say where it appears in the container");
            var subPath = map.RequiredText("sub_path", "say which of its keys is mounted");
            if (name is not null && path is not null && subPath is not null)
                result.Add(new ConfigMapMount(name, path, subPath));
        }
        return result;
    }

    public static List<EphemeralVolume> ReadEphemeralVolumes(MapReader task)
    {
        var result = new List<EphemeralVolume>();
        foreach (var volume in task.Maps("ephem_volume", "ephem_volumes"))
        {
            volume.RefuseUnknown(["name", "type", "medium", "size_limit"]);
            var name = volume.RequiredText("name", "name the volume");
            var type = volume.Required("type", "write type: emptyDir") is null ? null : volume.Choice("type", ["emptyDir"]);
            if (name is not null && type is not null)
                result.Add(new EphemeralVolume(name, type, volume.Text("medium") ?? "", volume.Quantity("size_limit")));
        }
        return result;
    }

    /// <summary>A mount without a claim needs a volume of its name from elsewhere in the task.</summary>
    public static void CheckMountsHaveVolumes(PipelineTask task, MapReader reader)
    {
        var volumes = task.EphemeralVolumes.Select(volume => volume.Name)
            .Concat(task.Mounts.Where(mount => mount.Claim is not null).Select(mount => mount.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var mount in reader.Maps("mount", "mounts"))
        {
            if (mount.Node("claim") is not null || mount.Node("name") is not YamlScalar { Kind: YamlScalarKind.Text } name || volumes.Contains(name.Text))
                continue;
            reader.Bag.Error(name.Position, DiagnosticCodes.InvalidValue,
                $"The mount {DiagnosticBag.Quote(name.Text)} of {reader.What} has no claim, and no ephemeral volume has its name{reader.Bag.Suggest(name.Text, volumes)}; add \"claim\" or an entry under \"ephem_volumes\".");
        }
    }
}

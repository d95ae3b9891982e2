using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Kubernetes.Workloads;

/// <summary>
/// The volumes of a pod and where they are mounted. Each claim, secret and config map is one volume, however often it is
/// mounted, and each has a name of its own, whatever the file calls them: the API server refuses anything else.
/// </summary>
internal sealed class PodVolumes
{
    private readonly Dictionary<(string Source, string Name), string> names = [];

    public JsonArray Volumes { get; } = [];

    public JsonArray Mounts { get; } = [];

    public static PodVolumes Of(ContainerSpec spec)
    {
        var volumes = new PodVolumes();
        foreach (var volume in spec.EphemeralVolumes)
            volumes.Add("emptyDir", volume.Name, volume.Name, EmptyDirectory(volume));
        foreach (var mount in spec.Mounts)
        {
            // Without a claim it is one of the ephemeral volumes; the parser has seen to that.
            var name = mount.Claim is { } claim
                ? volumes.Add("persistentVolumeClaim", claim, mount.Name, new JsonObject { ["claimName"] = claim })
                : volumes.names.GetValueOrDefault(("emptyDir", mount.Name), mount.Name);
            volumes.Mounts.Add(new JsonObject { ["mountPath"] = mount.Path, ["name"] = name });
        }
        var modes = spec.Secrets.GroupBy(s => s.Name).ToDictionary(g => g.Key, g => g.Last().Mode);
        foreach (var secret in spec.Secrets)
        {
            var volume = new JsonObject { ["secretName"] = secret.Name, ["defaultMode"] = modes[secret.Name] };
            volumes.Mount(volumes.Add("secret", secret.Name, secret.Name, volume), secret.Path, secret.SubPath);
        }
        foreach (var config in spec.ConfigMaps)
            volumes.Mount(volumes.Add("configMap", config.Name, config.Name, new JsonObject { ["name"] = config.Name }), config.Path, config.SubPath);
        return volumes;
    }

    /// <summary>Lays a part of a claim's volume that is mounted already over itself, so that it can only be read.</summary>
    public void Protect(string claim, string path, string subPath) =>
        Mounts.Add(new JsonObject { ["mountPath"] = path, ["name"] = names[("persistentVolumeClaim", claim)], ["subPath"] = subPath, ["readOnly"] = true });

    private void Mount(string name, string path, string subPath) =>
        Mounts.Add(new JsonObject { ["mountPath"] = path, ["name"] = name, ["subPath"] = subPath });

    private string Add(string source, string key, string wanted, JsonObject volume)
    {
        if (names.TryGetValue((source, key), out var known))
            return known;
        // Names of secrets may have dots and 253 characters, those of volumes may not.
        var stem = wanted.Replace('.', '-');
        stem = stem[..Math.Min(stem.Length, 58)].TrimEnd('-');
        var name = stem;
        for (var i = 2; names.ContainsValue(name); i++)
            name = $"{stem}-{i}";
        names.Add((source, key), name);
        Volumes.Add(new JsonObject { ["name"] = name, [source] = volume });
        return name;
    }

    private static JsonObject EmptyDirectory(EphemeralVolume volume)
    {
        var directory = new JsonObject { ["medium"] = volume.Medium };
        if (volume.SizeLimit is { } limit)
            directory["sizeLimit"] = limit;
        return directory;
    }
}

using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Kubernetes.Workloads;

/// <summary>Builds the specification of the pods of an execution, field by field as the inherited system does (spec 3.2).</summary>
internal static class PodTemplate
{
    /// <summary>Where the kubelet takes the outputs of a container from that shares no volume with us; it reads 4 KiB.</summary>
    public const string TerminationLog = "/dev/termination-log";

    private const string Gpu = "nvidia.com/gpu", WorkspaceVolume = "odin-workspaces";

    /// <param name="container">The name of the one container.</param>
    /// <param name="automatic">What is mounted though the task does not say so.</param>
    public static JsonObject Build(string container, ExecutionSpec execution, AutomaticMounts automatic, KubernetesExecutorOptions options)
    {
        var spec = Complete(execution, automatic, options);
        var volumes = PodVolumes.Of(spec);
        if (options is { WorkspaceClaim: { } claim, WorkspacePath: { } root, JobFilesPath: { } path })
        {
            var files = Path.GetRelativePath(root, path);
            foreach (var mount in spec.Mounts.Where(m => m.Claim == claim))
                volumes.Protect(claim, Path.Combine(mount.Path, files), files);
        }
        var pod = new JsonObject
        {
            ["containers"] = new JsonArray(Container(container, execution, spec, volumes, options)),
            ["securityContext"] = Security(spec.SecurityContext),
            ["imagePullSecrets"] = new JsonArray([.. options.PullSecrets.Select(s => new JsonObject { ["name"] = s })]),
            ["restartPolicy"] = "Never",
            ["terminationGracePeriodSeconds"] = (long)Math.Ceiling(execution.GracePeriod.TotalSeconds),
        };
        if (volumes.Volumes.Count > 0)
            pod["volumes"] = volumes.Volumes;
        if (spec.NodeSelector is { Count: > 0 } nodes)
            pod["nodeSelector"] = new JsonObject(nodes.Select(n => KeyValuePair.Create(n.Key, (JsonNode?)n.Value)));
        if (spec.Tolerations.Count > 0)
            pod["tolerations"] = new JsonArray([.. spec.Tolerations.Select(ToJson)]);
        if ((spec.ServiceAccount ?? options.ServiceAccount) is { } account)
            pod["serviceAccountName"] = account;
        return pod;
    }

    // The workspace and the automatic mounts come last; what the task itself puts at a path counts.
    private static ContainerSpec Complete(ExecutionSpec execution, AutomaticMounts automatic, KubernetesExecutorOptions options)
    {
        var spec = execution.Container ?? throw new ArgumentException($"The execution '{execution.Key}' names no container image.");
        var taken = spec.Mounts.Select(m => m.Path).Concat(spec.Secrets.Select(s => s.Path)).Concat(spec.ConfigMaps.Select(c => c.Path)).ToHashSet(StringComparer.Ordinal);
        return spec with
        {
            Mounts = options is { WorkspaceClaim: { } claim, WorkspacePath: { } path } && !taken.Contains(path)
                ? [.. spec.Mounts, new VolumeMount(WorkspaceVolume, path, claim)]
                : spec.Mounts,
            Secrets = [.. spec.Secrets, .. automatic.Secrets.Where(s => !taken.Contains(s.Path))],
            ConfigMaps = [.. spec.ConfigMaps, .. automatic.ConfigMaps.Where(c => !taken.Contains(c.Path))],
        };
    }

    private static JsonObject Container(string name, ExecutionSpec execution, ContainerSpec spec, PodVolumes volumes, KubernetesExecutorOptions options)
    {
        var container = new JsonObject
        {
            // A container's name is a DNS label, while the name of a pipeline, and so of a pod, may hold dots.
            ["name"] = name.Replace('.', '-'),
            ["image"] = spec.Image,
            ["imagePullPolicy"] = spec.PullPolicy,
            ["command"] = Texts(execution.Command),
            ["args"] = Texts(execution.Args),
            ["env"] = Environment(execution, options),
            ["resources"] = new JsonObject { ["limits"] = Limits(spec), ["requests"] = Requests(spec) },
            ["terminationMessagePath"] = TerminationLog,
        };
        if (options.WorkspaceClaim is not null)
            container["workingDir"] = execution.WorkingDirectory;
        if (spec.IsPrivileged)
            container["securityContext"] = new JsonObject { ["privileged"] = true };
        if (volumes.Mounts.Count > 0)
            container["volumeMounts"] = volumes.Mounts;
        return container;
    }

    private static JsonArray Environment(ExecutionSpec execution, KubernetesExecutorOptions options)
    {
        var environment = new Dictionary<string, string>(execution.Environment, StringComparer.Ordinal);
        environment.TryAdd("ODIN_CRED", "/etc/odind/odin-cred.yml");
        environment.TryAdd("PYTHONUNBUFFERED", "1");
        environment["ODIN_EXECUTION"] = execution.Key.Id;
        if (options.WorkspaceClaim is null && environment.ContainsKey("ODIN_OUTPUTS"))
        {
            // The files of the record lie in the workspace, and that is not there.
            environment["ODIN_OUTPUTS"] = TerminationLog;
            environment.Remove("ODIN_RECORD");
            environment.Remove("ODIN_RUN_RECORD");
        }
        return new JsonArray([.. environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => new JsonObject { ["name"] = e.Key, ["value"] = Literal(e.Value) })]);
    }

    // A number of GPUs is always sent, 0 too: on nodes with a device plug-in that is what keeps a task off the GPUs.
    private static JsonObject Limits(ContainerSpec spec)
    {
        var limits = new JsonObject { [Gpu] = spec.Gpus };
        Add(limits, "cpu", spec.Cpu?.Limits);
        Add(limits, "memory", spec.Memory?.Limits);
        return limits;
    }

    private static JsonObject Requests(ContainerSpec spec)
    {
        var requests = new JsonObject();
        Add(requests, "cpu", spec.Cpu?.Requests);
        Add(requests, "memory", spec.Memory?.Requests);
        return requests;
    }

    private static void Add(JsonObject amounts, string name, string? quantity)
    {
        if (quantity is not null)
            amounts[name] = quantity;
    }

    private static JsonObject Security(SecurityContext? context)
    {
        var security = new JsonObject();
        if (context?.FsGroup is { } group)
            security["fsGroup"] = group;
        if (context?.RunAsGroup is { } runAsGroup)
            security["runAsGroup"] = runAsGroup;
        if (context?.RunAsUser is { } user)
            security["runAsUser"] = user;
        return security;
    }

    private static JsonObject ToJson(Toleration toleration)
    {
        var json = new JsonObject { ["operator"] = toleration.Operator };
        if (toleration.Key is { } key)
            json["key"] = key;
        if (toleration.Value is { } value)
            json["value"] = value;
        if (toleration.Effect is { } effect)
            json["effect"] = effect;
        if (toleration.Seconds is { } seconds)
            json["tolerationSeconds"] = seconds;
        return json;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode?)Literal(t))];

    // Kubernetes replaces $(NAME) and takes $$ for $. What a task says reaches its program as it is, here as everywhere.
    private static string Literal(string text) => text.Contains("$(", StringComparison.Ordinal) || text.Contains("$$", StringComparison.Ordinal)
        ? text.Replace("$", "$$", StringComparison.Ordinal)
        : text;
}

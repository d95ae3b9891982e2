using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Odin.Execution;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes;

/// <summary>Makes, finds and deletes the objects of executions.</summary>
internal sealed partial class WorkloadLauncher(KubernetesClient client, KubernetesExecutorOptions options, string @namespace, TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (bool Exists, DateTimeOffset At)> known = new(StringComparer.Ordinal);

    /// <summary>The best kind for a resource type that this cluster has.</summary>
    /// <exception cref="KindNotInstalledException">It has none, or none of that type runs a program; the message says what to install.</exception>
    public async Task<WorkloadKind> ChooseAsync(string resourceType, CancellationToken cancellationToken)
    {
        var kinds = WorkloadKind.For(resourceType);
        if (kinds is [{ Group: "" or "batch" } builtIn])
            return builtIn;
        foreach (var kind in kinds)
        {
            var name = $"kind {kind.ApiVersion}/{kind.Plural}";
            if (await RememberAsync(name, () => client.IsServedAsync(Untyped(kind), cancellationToken)))
                return kind;
            // It may be installed the next moment, because of what we are about to say.
            known.TryRemove(name, out _);
        }
        if (kinds.Count == 0)
            throw new KindNotInstalledException(ResourceTypes.NoTask(resourceType)) { Reason = ExecutionReasons.UnsupportedResourceType };
        throw new KindNotInstalledException($"The cluster has no {kinds[0].Kind} ({string.Join(" or ", kinds.Select(k => k.ApiVersion))}): install its operator, for example Kubeflow's training operator.");
    }

    /// <summary>Makes the object, or finds that it was made before.</summary>
    /// <returns>The pod, if it is one.</returns>
    public async Task<Pod?> CreateAsync(WorkloadKind kind, ExecutionSpec spec, CancellationToken cancellationToken)
    {
        var rendezvous = kind == WorkloadKind.Elastic ? options with { ElasticRendezvous = await RendezvousAsync(cancellationToken) } : options;
        var manifest = WorkloadManifest.Build(kind, spec, await AutomaticAsync(spec, cancellationToken), rendezvous);
        try
        {
            if (kind.IsPod)
                return await client.CreateAsync(KubernetesResources.Pods, @namespace, manifest, cancellationToken);
            await client.CreateAsync(Untyped(kind), @namespace, manifest, cancellationToken);
            return null;
        }
        catch (KubernetesException e) when (e.IsAlreadyExists)
        {
            if (await FindOwnAsync(kind, spec.Key, cancellationToken) is { } own)
                return own as Pod;
            throw;
        }
    }

    public async Task<(bool Exists, Pod? Pod)> FindAsync(WorkloadKind kind, string id, CancellationToken cancellationToken)
    {
        if (kind.IsPod)
        {
            var pod = await client.FindAsync(KubernetesResources.Pods, @namespace, id, cancellationToken);
            return (pod is not null, pod);
        }
        return (await client.FindAsync(Untyped(kind), @namespace, id, cancellationToken) is not null, null);
    }

    /// <summary>False: it was not there.</summary>
    public Task<bool> DeleteAsync(WorkloadKind kind, string id, TimeSpan? grace, CancellationToken cancellationToken) =>
        client.DeleteAsync(Untyped(kind), @namespace, id, new DeleteOptions { GracePeriod = grace }, cancellationToken);

    /// <summary>Why the cluster did not take an object, as a reason of ours and in its own words.</summary>
    public static (string Reason, string Message) Refusal(KubernetesException error) => error switch
    {
        { IsUnknownResource: true } => (ExecutionReasons.KindNotInstalled, error.Message),
        { IsForbidden: true } when error.Message.Contains("exceeded quota", StringComparison.Ordinal) => (ExecutionReasons.QuotaExceeded, error.Message),
        { IsForbiddenByRole: true } => (ExecutionReasons.Forbidden, error.Message),
        { IsUnauthorized: true } => (ExecutionReasons.Forbidden, error.Message),
        { IsNotFound: true } when MissingNamespace().Match(error.Message) is { Success: true } missing =>
            (ExecutionReasons.AdmissionRefused, $"{error.Message}: make it with kubectl create namespace {missing.Groups[1].Value}, or correct kubernetes.namespace"),
        _ => (ExecutionReasons.AdmissionRefused, error.Message),
    };

    /// <summary>
    /// What is missing of that which tasks need and which we look for: the namespace, the claim of the workspaces. Null: nothing,
    /// or we may not look.
    /// </summary>
    public async Task<string?> FindMissingAsync(CancellationToken cancellationToken)
    {
        if (!await MayExistAsync(() => client.FindAsync(KubernetesResources.Namespaces, null, @namespace, cancellationToken)))
            return $"there is no namespace \"{@namespace}\" on the cluster: make it with kubectl create namespace {@namespace}, or correct kubernetes.namespace";
        if (options.WorkspaceClaim is { } claim
            && !await MayExistAsync(() => client.FindAsync(KubernetesResources.PersistentVolumeClaims, @namespace, claim, cancellationToken)))
        {
            return $"there is no claim \"{claim}\" in the namespace \"{@namespace}\", which kubernetes.workspace_claim names: make it, or tasks wait for it";
        }
        return null;

        static async Task<bool> MayExistAsync(Func<Task<UntypedObject?>> find)
        {
            try
            {
                return await find() is not null;
            }
            catch (KubernetesException e) when (e.IsForbidden)
            {
                return true;
            }
        }
    }

    private async Task<KubernetesObject?> FindOwnAsync(WorkloadKind kind, ExecutionKey key, CancellationToken cancellationToken)
    {
        KubernetesObject? found = kind.IsPod
            ? await client.FindAsync(KubernetesResources.Pods, @namespace, key.Id, cancellationToken)
            : await client.FindAsync(Untyped(kind), @namespace, key.Id, cancellationToken);
        return found?.Metadata.Labels.GetValueOrDefault(WorkloadLabels.Run) == key.Group ? found : null;
    }

    private async Task<AutomaticMounts> AutomaticAsync(ExecutionSpec spec, CancellationToken cancellationToken)
    {
        var wanted = AutomaticMounts.For(spec.Command);
        var secrets = new HashSet<string>(StringComparer.Ordinal);
        var configMaps = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in wanted.Secrets.Select(s => s.Name).Distinct())
        {
            if (await HasAsync("secret", KubernetesResources.Secrets, name, cancellationToken))
                secrets.Add(name);
        }
        foreach (var name in wanted.ConfigMaps.Select(c => c.Name).Distinct())
        {
            if (await HasAsync("config map", KubernetesResources.ConfigMaps, name, cancellationToken))
                configMaps.Add(name);
        }
        return wanted.Only(secrets.Contains, configMaps.Contains);
    }

    private Task<bool> HasAsync(string what, KubernetesResource<UntypedObject> resource, string name, CancellationToken cancellationToken) =>
        RememberAsync($"{what} {name}", async () => await client.FindAsync(resource, @namespace, name, cancellationToken) is not null);

    private async Task<string> RendezvousAsync(CancellationToken cancellationToken) =>
        options.ElasticRendezvous
        ?? (await client.FindAsync(KubernetesResources.Services, "elastic-job", "etcd-service", cancellationToken))?.Spec.ClusterIP
        ?? throw new KindNotInstalledException("ElasticJob needs an etcd: there is no service 'etcd-service' in the namespace 'elastic-job'; or name one by PYTORCH_ELASTIC_ETCD_SVC.");

    // What many tasks in a row would ask again.
    private async Task<bool> RememberAsync(string what, Func<Task<bool>> ask)
    {
        if (known.TryGetValue(what, out var answer) && time.GetUtcNow() - answer.At < Memory)
            return answer.Exists;
        var exists = await ask();
        known[what] = (exists, time.GetUtcNow());
        return exists;
    }

    [GeneratedRegex("namespaces \"([^\"]+)\" not found")]
    private static partial Regex MissingNamespace();

    private static KubernetesResource<UntypedObject> Untyped(WorkloadKind kind) =>
        KubernetesResources.Untyped(kind.Group, kind.Version, kind.Plural, kind.Kind);
}

/// <summary>A task asks for something that this cluster cannot run.</summary>
internal sealed class KindNotInstalledException(string message) : Exception(message)
{
    public string Reason { get; init; } = ExecutionReasons.KindNotInstalled;
}

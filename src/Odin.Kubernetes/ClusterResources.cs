using System.Net;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes;

/// <summary>
/// Services, deployments and pods in the namespace of the tasks, whoever has made them. Nothing outside of that namespace can be
/// named.
/// </summary>
internal sealed class ClusterResources(KubernetesClient client, string @namespace) : ILiveResources
{
    private static readonly KubernetesResource<UntypedObject> Scales =
        KubernetesResources.Untyped("apps", "v1", "deployments", "Deployment") with { Subresource = "scale" };

    public Task<IReadOnlyList<string>?> FindPodsAsync(LiveResource resource, CancellationToken cancellationToken) => AskAsync(async () =>
    {
        if (resource.Type == ResourceTypes.Pod)
            return await client.FindAsync(KubernetesResources.Pods, @namespace, resource.Name, cancellationToken) is null ? null : (IReadOnlyList<string>)[resource.Name];
        var selector = resource.Type == ResourceTypes.Service
            ? SelectorOf(await client.FindAsync(KubernetesResources.Services, @namespace, resource.Name, cancellationToken))
            : SelectorOf(await client.FindAsync(Scales, @namespace, resource.Name, cancellationToken));
        // One without a selector has no pods; asked for like that, all there are would answer.
        if (string.IsNullOrEmpty(selector))
            return selector is null ? null : [];
        var query = new KubernetesQuery { Namespace = @namespace, LabelSelector = selector };
        var pods = (await client.ListAsync(KubernetesResources.Pods, query, cancellationToken)).Items;
        return [.. pods.OrderBy(p => p.Status.Phase == "Running" ? 0 : 1).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal).Select(p => p.Metadata.Name)];
    });

    public Task<Stream> OpenLogAsync(string pod, LiveLogQuery query, CancellationToken cancellationToken) => AskAsync(() => client.OpenLogAsync(
        new PodLogQuery { Namespace = @namespace, Pod = pod, Container = query.Container, TailLines = query.Lines, Follow = query.Follow },
        cancellationToken));

    public Task<IReadOnlyList<ExecutionEvent>?> FindEventsAsync(LiveResource resource, CancellationToken cancellationToken) => AskAsync(async () =>
    {
        var query = new KubernetesQuery { Namespace = @namespace, FieldSelector = $"involvedObject.name={resource.Name},involvedObject.kind={resource.Type}" };
        var events = (await client.ListAsync(KubernetesResources.Events, query, cancellationToken)).Items.Select(e => e.ToExecutionEvent()).OrderBy(e => e.Timestamp).ToList();
        return events.Count > 0 || await ExistsAsync(resource, cancellationToken) ? events : (IReadOnlyList<ExecutionEvent>?)null;
    });

    private async Task<bool> ExistsAsync(LiveResource resource, CancellationToken cancellationToken) => resource.Type switch
    {
        ResourceTypes.Service => await client.FindAsync(KubernetesResources.Services, @namespace, resource.Name, cancellationToken) is not null,
        ResourceTypes.Deployment => await client.FindAsync(Scales, @namespace, resource.Name, cancellationToken) is not null,
        _ => await client.FindAsync(KubernetesResources.Pods, @namespace, resource.Name, cancellationToken) is not null,
    };

    private static string? SelectorOf(Service? service) =>
        service is null ? null : string.Join(',', service.Spec.Selector.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}={s.Value}"));

    private static string? SelectorOf(UntypedObject? scale) => scale is null ? null : (string?)scale.Fields["status"]?["selector"] ?? "";

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (KubernetesUnavailableException e)
        {
            throw new ExecutorUnavailableException($"The cluster cannot be asked at the moment: {e.Message}", e) { RetryAfter = e.RetryAfter };
        }
        catch (KubernetesConfigurationException e)
        {
            throw new ExecutorUnavailableException($"The cluster cannot be asked at the moment: {e.Message}", e);
        }
        catch (KubernetesException e)
        {
            throw new ExecutorRefusedException($"The cluster says no: {e.Message}", e)
            {
                IsCallersMistake = e.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity,
            };
        }
    }
}

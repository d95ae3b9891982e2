using System.Diagnostics.Metrics;

namespace Odin.Kubernetes.Api;

/// <summary>What the client measures, as the meter <c>Odin.Kubernetes</c>.</summary>
internal static class KubernetesMeters
{
    private static readonly Meter Meter = new("Odin.Kubernetes");
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "odin.kubernetes.requests", null, "Requests sent to the Kubernetes API, each attempt counted, by verb, resource and namespace.");

    public static void RequestSent(KubernetesRequest request) => Requests.Add(
        1,
        new KeyValuePair<string, object?>("verb", request.Verb),
        new KeyValuePair<string, object?>("resource", request.Resource),
        new KeyValuePair<string, object?>("namespace", request.Namespace ?? ""));
}

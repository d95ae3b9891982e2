namespace Odin.Kubernetes.Api;

/// <summary>How a cluster is found and how patient we are with it.</summary>
public sealed class KubernetesApiOptions
{
    /// <summary>
    /// A kubeconfig, or several parted by colons. Default: the variable <c>KUBECONFIG</c>; else, in a pod, its service account;
    /// else <c>~/.kube/config</c>.
    /// </summary>
    public string? Kubeconfig { get; set; }

    /// <summary>The context of the kubeconfig. Default: its <c>current-context</c>.</summary>
    public string? Context { get; set; }

    /// <summary>Default: the context's, or the service account's; else <c>default</c>.</summary>
    public string? Namespace { get; set; }

    /// <summary>For one attempt at a request, its answer read; watches and followed logs last longer. Default 30 s.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is tried that may be tried again. Default 5.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Before the second attempt; doubled after each. Default 200 ms.</summary>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause that we choose between attempts. Default 10 s.</summary>
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause that the server may ask for; when it asks for a longer one, the request fails at once. Default 30 s.</summary>
    public TimeSpan LongestRetryAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>After this, up to twice as long, the server ends a watch and we take it up again where it was. Default 5 min.</summary>
    public TimeSpan WatchTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a watch that once worked goes on when it is refused (an API server that is just starting refuses what it will
    /// allow a moment later). Default 2 min.
    /// </summary>
    public TimeSpan WatchPatience { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Objects per page of a list. Default 500.</summary>
    public int PageSize { get; set; } = 500;
}

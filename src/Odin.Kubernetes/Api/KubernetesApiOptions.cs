namespace Odin.Kubernetes.Api;

/// <summary>How a cluster is found and how patient we are with it.</summary>
public sealed record KubernetesApiOptions
{
    /// <summary>
    /// A kubeconfig, or several parted by colons. Default: the variable <c>KUBECONFIG</c>; else, in a pod, its service account;
    /// else <c>~/.kube/config</c>.
    /// </summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The context of the kubeconfig. Default: its <c>current-context</c>.</summary>
    public string? Context { get; init; }

    /// <summary>Default: the context's, or the service account's; else <c>default</c>.</summary>
    public string? Namespace { get; init; }

    /// <summary>For one attempt at a request, its answer read; watches and followed logs last longer. Default 30 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is tried that may be tried again. Default 5.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Before the second attempt; doubled after each. Default 200 ms.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause that we choose between attempts. Default 10 s.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause that the server may ask for; when it asks for a longer one, the request fails at once. Default 30 s.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After this, up to twice as long, the server ends a watch and we take it up again where it was. Default 5 min.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a watch that once worked goes on when it is refused (an API server that is just starting refuses what it will
    /// allow a moment later). Default 2 min.
    /// </summary>
    public TimeSpan WatchPatience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Objects per page of a list. Default 500.</summary>
    public int PageSize { get; init; } = 500;

    /// <exception cref="ArgumentException">A value makes no sense; the message says which.</exception>
    internal void Validate()
    {
        if (MaxAttempts < 1)
            throw new ArgumentException($"{nameof(MaxAttempts)} is {MaxAttempts}: a request must be tried at least once.");
        if (PageSize < 1)
            throw new ArgumentException($"{nameof(PageSize)} is {PageSize}: a page must hold at least one object.");
        foreach (var (name, value) in (ReadOnlySpan<(string, TimeSpan)>)
            [(nameof(RequestTimeout), RequestTimeout), (nameof(FirstDelay), FirstDelay), (nameof(LongestDelay), LongestDelay), (nameof(WatchTimeout), WatchTimeout)])
        {
            if (value <= TimeSpan.Zero)
                throw new ArgumentException($"{name} is {value}: it must be more than nothing.");
        }
    }
}

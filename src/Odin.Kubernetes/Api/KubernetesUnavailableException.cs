using System.Net;

namespace Odin.Kubernetes.Api;

/// <summary>We could not ask: no connection, no answer in time, or the server could not serve. Trying later may help.</summary>
public sealed class KubernetesUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>How long the server wants to be left alone; null when it did not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the server answered, when it did.</summary>
    public HttpStatusCode? StatusCode { get; init; }

    /// <summary>Nothing of the request has reached the server: it certainly did nothing.</summary>
    public bool WasNotSent { get; init; }
}

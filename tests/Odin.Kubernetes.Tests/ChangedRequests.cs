namespace Odin.Kubernetes.Tests;

/// <summary>Requests that a test changes on their way: to be somebody else's, or to go elsewhere.</summary>
internal sealed class ChangedRequests(HttpMessageHandler inner, Action<HttpRequestMessage> change) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        change(request);
        return base.SendAsync(request, cancellationToken);
    }
}

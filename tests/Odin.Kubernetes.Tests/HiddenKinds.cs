using System.Net;
using System.Text;

namespace Odin.Kubernetes.Tests;

/// <summary>
/// A cluster that lacks some kinds: the server is the real one, and does not seem to know these. To remove them from the
/// cluster would take them from everybody else.
/// </summary>
/// <param name="hidden"><c>GROUP/VERSION</c>, or <c>GROUP/VERSION/PLURAL</c> for one of its kinds.</param>
internal sealed class HiddenKinds(HttpMessageHandler inner, params IReadOnlyList<string> hidden) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (hidden.Any(h => path == $"/apis/{h}"))
            return new HttpResponseMessage(HttpStatusCode.NotFound) { Content = new StringContent("404 page not found\n", Encoding.UTF8, "text/plain"), RequestMessage = request };
        var response = await base.SendAsync(request, cancellationToken);
        foreach (var kind in hidden.Where(h => h.Split('/').Length == 3 && path == $"/apis/{h[..h.LastIndexOf('/')]}"))
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            var plural = kind[(kind.LastIndexOf('/') + 1)..];
            response.Content = new StringContent(text.Replace($"\"name\":\"{plural}\"", "\"name\":\"hidden\"", StringComparison.Ordinal), Encoding.UTF8, "application/json");
        }
        return response;
    }
}

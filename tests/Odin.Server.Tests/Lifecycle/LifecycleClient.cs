using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.Lifecycle;

/// <summary>Asks the inherited API of the model lifecycle as its clients do.</summary>
internal sealed class LifecycleClient(TestServer server) : IDisposable
{
    private readonly HttpClient http = server.Admin();

    public void Dispose() => http.Dispose();

    public async Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, "/api/v1/" + path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "text/plain");
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public Task<(HttpStatusCode Status, JsonNode? Body)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<(HttpStatusCode Status, JsonNode? Body)> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<(HttpStatusCode Status, JsonNode? Body)> PutAsync(string path, string body) => SendAsync(HttpMethod.Put, path, body);

    public Task<(HttpStatusCode Status, JsonNode? Body)> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    /// <summary>The body of an answer that must have this status.</summary>
    public async Task<JsonNode> ExpectAsync(HttpStatusCode status, HttpMethod method, string path, string? body = null)
    {
        var answer = await SendAsync(method, path, body);
        Assert.True(answer.Status == status, $"{method} {path}: {(int)answer.Status} instead of {(int)status}: {answer.Body}");
        return answer.Body!;
    }

    /// <summary>A training or packaging once it has ended.</summary>
    /// <param name="otherThan">The attempt that does not count; null: every one does.</param>
    public async Task<JsonNode> EndAsync(string kind, string id, string? otherThan = null)
    {
        JsonNode ended = null!;
        await Eventually.True(
            async () =>
            {
                ended = await ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"model/{kind}/{id}");
                return (string?)ended["status"]!["state"] is "succeeded" or "failed" && (string?)ended["status"]!["podName"] != otherThan;
            },
            $"the {kind} ends", TimeSpan.FromMinutes(1));
        return ended;
    }

    /// <summary>The log of a training or packaging.</summary>
    public Task<string> LogAsync(string kind, string id) => http.GetStringAsync(new Uri($"/api/v1/model/{kind}/{id}/log", UriKind.Relative));
}

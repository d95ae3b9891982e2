using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests;

/// <summary>
/// Does over REST what the inherited client does (spec 6.0, 8): the form first and JSON second to log in, a token on
/// writes alone, <c>True</c> and <c>False</c> in queries, and a crash when an answer is not JSON or lacks a member.
/// </summary>
internal sealed class StockClient(TestServer server)
{
    private string? token;

    public string? Token => token;

    public async Task<bool> LogInAsync(string user, string password)
    {
        var fields = new Dictionary<string, string> { ["username"] = user, ["password"] = password };
        using var form = new FormUrlEncodedContent(fields);
        var answer = await SendAsync(HttpMethod.Post, "/v1/auth", form, withToken: false);
        if (answer["message"] is null)
            answer = await SendAsync(HttpMethod.Post, "/v1/auth", Json(new JsonObject { ["username"] = user, ["password"] = password }), withToken: false);
        token = (string?)answer["message"];
        return token is not null;
    }

    public void UseToken(string value) => token = value;

    /// <summary><c>odin-run</c>: logs in again, once, after a 401.</summary>
    public async Task<JsonNode> RunAsync(string work, string user, string password, JsonObject? context = null)
    {
        for (var attempt = 0; ; attempt++)
        {
            var body = new JsonObject { ["pipeline"] = new JsonObject { ["job"] = Encode(work) }, ["context"] = context?.DeepClone() ?? new JsonObject() };
            var (status, answer) = await TryAsync(HttpMethod.Post, "/v1/pipelines", Json(body), withToken: true);
            if (status != HttpStatusCode.Unauthorized || attempt > 0)
                return answer;
            Assert.True(await LogInAsync(user, password));
        }
    }

    /// <summary><c>odin-status</c>: one block per run, one row per task; every member is read.</summary>
    public async Task<List<string>> StatusAsync(string pattern)
    {
        var answer = await SendAsync(HttpMethod.Get, $"/v1/pipelines?q={Uri.EscapeDataString(pattern)}", null, withToken: false);
        var lines = new List<string>();
        foreach (var pipeline in answer["pipelines"]!.AsArray())
        {
            foreach (var member in new[] { "job", "submitTime", "completionTime", "version" })
                Assert.True(pipeline!.AsObject().ContainsKey(member), member);
            lines.Add($"{(string)pipeline!["id"]!} --> {(string)pipeline["status"]!}");
            foreach (var task in pipeline["tasks"]!.AsArray())
            {
                foreach (var member in new[] { "image", "resourceType", "resourceId", "submitTime", "completionTime" })
                    Assert.True(task!.AsObject().ContainsKey(member), member);
                lines.Add($"{(string)task!["task"]!} | {(string)task["name"]!} | {(string)task["status"]!} | {(string)task["command"]!}");
            }
        }
        return lines;
    }

    /// <summary><c>odin-cleanup</c>: looks at no status and prints the rows, of which there must be one.</summary>
    public async Task<List<string>> CleanupAsync(string work, bool db, bool fs)
    {
        var answer = await SendAsync(HttpMethod.Delete, $"/v1/pipelines/{work}?db={db}&fs={fs}", null, withToken: true);
        var rows = answer["cleanups"]!.AsArray()
            .Select(r => string.Join(' ', new[] { "taskId", "cleanedFromK8s", "purgedFromDb", "removedFromFs" }.Select(m => (string)r![m]!)))
            .ToList();
        Assert.NotEmpty(rows);
        return rows;
    }

    /// <summary><c>odin-push</c>, with <c>-c</c> when <paramref name="create"/>; null: the job could not be created.</summary>
    public async Task<JsonNode?> PushAsync(string job, string file, string text, bool create)
    {
        if (create)
        {
            var created = await SendAsync(HttpMethod.Post, "/v1/jobs", Json(new JsonObject { ["job"] = new JsonObject { ["name"] = Encode(job) } }), withToken: true);
            if (created.AsObject().ContainsKey("status"))
                return null;
        }
        var content = new StringContent(text, Encoding.UTF8, "text/plain");
        return await SendAsync(HttpMethod.Post, $"/v1/jobs/{Encode(job)}/files/{file}", content, withToken: true);
    }

    /// <summary><c>odin-user</c>: creates the user, or changes the one there is.</summary>
    public async Task<string> UserAsync(string name, string password)
    {
        var user = new JsonObject { ["username"] = name, ["password"] = password, ["firstname"] = "David", ["lastname"] = null };
        if ((await TryAsync(HttpMethod.Get, $"/v1/users/{name}", null, withToken: false)).Status == HttpStatusCode.OK)
        {
            var (changed, _) = await TryAsync(HttpMethod.Put, $"/v1/users/{name}", Json(user), withToken: true);
            return changed == HttpStatusCode.OK ? "Found existing user" : "failed";
        }
        var (status, _) = await TryAsync(HttpMethod.Post, "/v1/users", Json(new JsonObject { ["user"] = user }), withToken: true);
        return status == HttpStatusCode.OK ? "Created new user" : "failed";
    }

    public Task<JsonNode> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null, withToken: false);

    private static string Encode(string path) => string.Join("__", path.Split('/', StringSplitOptions.RemoveEmptyEntries));

    private static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, HttpContent? body, bool withToken) =>
        (await TryAsync(method, path, body, withToken)).Answer;

    private async Task<(HttpStatusCode Status, JsonNode Answer)> TryAsync(HttpMethod method, string path, HttpContent? body, bool withToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (withToken)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? "None");
        using var response = await server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        try
        {
            return (response.StatusCode, JsonNode.Parse(text)!);
        }
        catch (JsonException)
        {
            // The real one deletes its token file here and asks for a password.
            throw new InvalidOperationException($"{method} {path} answered {(int)response.StatusCode} with no JSON: {text}");
        }
    }
}

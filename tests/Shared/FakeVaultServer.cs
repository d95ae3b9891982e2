using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Odin.Testing;

/// <summary>
/// A fake of HashiCorp Vault, written from the documentation of the KV secrets engine, version 2: write, read of a version,
/// the current version, destruction of versions, and the answers to a bad token and of a sealed vault. It keeps everything in memory.
/// </summary>
internal sealed class FakeVaultServer : IDisposable
{
    public const string Token = "hvs.good-token";

    private readonly HttpListener listener;
    private readonly Lock gate = new();
    private readonly Dictionary<string, List<JsonNode?>> secrets = [];
    private readonly Task serving;

    public FakeVaultServer()
    {
        (listener, Port) = FreePort.Listen();
        serving = ServeAsync();
    }

    public int Port { get; }

    public string Address => $"http://127.0.0.1:{Port}";

    public bool IsSealed { get; set; }

    /// <summary>All that is kept, as text.</summary>
    public string Content
    {
        get
        {
            lock (gate)
                return string.Join('\n', secrets.Select(s => $"{s.Key}: {string.Join(", ", s.Value.Select(v => v?.ToJsonString()))}"));
        }
    }

    public void Dispose()
    {
        listener.Close();
        serving.Wait(TimeSpan.FromSeconds(30));
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                var (status, body) = Answer(context.Request, await reader.ReadToEndAsync());
                context.Response.StatusCode = status;
                if (body is not null)
                {
                    await using var writer = new StreamWriter(context.Response.OutputStream);
                    await writer.WriteAsync(body.ToJsonString());
                }
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                // It is being closed, or a client has left.
            }
        }
    }

    private (int, JsonNode?) Answer(HttpListenerRequest request, string body)
    {
        if (IsSealed)
            return (503, Errors("Vault is sealed"));
        if (request.Headers["X-Vault-Token"] != Token)
            return (403, Errors("permission denied"));
        var parts = request.Url!.AbsolutePath.Split('/', 5);
        if (parts is not ["", "v1", "secret", "data" or "metadata" or "destroy", var path])
            return (404, Errors($"no handler for route \"{request.Url.AbsolutePath}\""));
        lock (gate)
        {
            switch (request.HttpMethod, parts[3])
            {
                case ("POST" or "PUT", "data"):
                    var versions = secrets.TryGetValue(path, out var known) ? known : secrets[path] = [];
                    versions.Add(JsonNode.Parse(body)!["data"]!.DeepClone());
                    return (200, new JsonObject { ["data"] = Metadata(versions.Count) });
                case ("GET", "data"):
                    var wanted = int.Parse(request.QueryString["version"] ?? "0", CultureInfo.InvariantCulture);
                    if (!secrets.TryGetValue(path, out var there) || wanted > there.Count)
                        return (404, Errors());
                    wanted = wanted == 0 ? there.Count : wanted;
                    if (there[wanted - 1] is null)
                        return (404, new JsonObject { ["data"] = new JsonObject { ["data"] = null, ["metadata"] = Metadata(wanted, isDestroyed: true) } });
                    return (200, new JsonObject { ["data"] = new JsonObject { ["data"] = there[wanted - 1]!.DeepClone(), ["metadata"] = Metadata(wanted) } });
                case ("GET", "metadata"):
                    return secrets.TryGetValue(path, out var written) ? (200, new JsonObject { ["data"] = new JsonObject { ["current_version"] = written.Count } }) : (404, Errors());
                case ("POST" or "PUT", "destroy"):
                    foreach (var version in JsonNode.Parse(body)!["versions"]!.AsArray().Select(v => (int)v!))
                    {
                        if (secrets.TryGetValue(path, out var all) && version <= all.Count)
                            all[version - 1] = null;
                    }
                    return (204, null);
                default:
                    return (405, Errors("unsupported operation"));
            }
        }
    }

    private static JsonObject Metadata(int version, bool isDestroyed = false) =>
        new() { ["version"] = version, ["created_time"] = "2026-01-01T00:00:00Z", ["deletion_time"] = "", ["destroyed"] = isDestroyed };

    private static JsonObject Errors(params string[] errors) => new() { ["errors"] = new JsonArray([.. errors.Select(e => (JsonNode?)e)]) };
}

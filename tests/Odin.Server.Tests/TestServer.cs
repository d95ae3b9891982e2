using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Odin.Server.Auth;
using Odin.Server.Hosting;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Tests;

/// <summary>The whole server in this process, on free ports, over a data directory of its own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly TemporaryDirectory directory;
    private readonly RunningServer running;

    private TestServer(TemporaryDirectory directory, RunningServer running)
    {
        (this.directory, this.running) = (directory, running);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = running.Url, Timeout = TimeSpan.FromMinutes(2) };
    }

    public RunningServer Running => running;

    /// <summary>Sends no token.</summary>
    public HttpClient Client { get; }

    public Uri Url => running.Url;

    public Uri LegacySocket => running.WebSocketUrl!;

    public Uri MainSocket => new UriBuilder(running.Url) { Scheme = "ws", Path = "/ws" }.Uri;

    public IServiceProvider Services => running.Services;

    public IResourceStore Store => Services.GetRequiredService<IResourceStore>();

    public string Data => directory["data"];

    public static async Task<TestServer> StartAsync(Func<ServerOptions, ServerOptions>? configure = null, Action<IServiceCollection>? replace = null)
    {
        var directory = new TemporaryDirectory();
        var options = new ServerOptions
        {
            DataDirectory = directory["data"],
            Addresses = [new ServerAddress(false, IPAddress.Loopback, 0)],
            WebSocketPort = 0,
            AdminPassword = Password,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        };
        var running = await RunningServer.StartAsync(
            configure?.Invoke(options) ?? options,
            services =>
            {
                replace?.Invoke(services);
                // Hashing is meant to take long; the tests have better things to do.
                services.AddSingleton(new PasswordOptions { Iterations = 1000 });
            },
            CancellationToken.None);
        return new TestServer(directory, running);
    }

    /// <summary>A token as the server itself would issue it.</summary>
    public string Token(string user = "admin") => Services.GetRequiredService<JwtSigner>().Issue(user);

    /// <summary>A client with the token of the admin.</summary>
    public HttpClient Admin() => With(Token());

    public HttpClient With(string? token)
    {
        var client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromMinutes(2) };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Uploads the <c>main.yml</c> of a job.</summary>
    public async Task PutJobAsync(string job, string mainYml)
    {
        using var client = Admin();
        using var response = await client.PostAsync($"/v1/jobs/{job.Replace("/", "__", StringComparison.Ordinal)}/files/main.yml", new StringContent(mainYml, Encoding.UTF8));
        await response.ExpectAsync(HttpStatusCode.OK);
    }

    /// <summary>Starts a run and returns its id.</summary>
    public async Task<string> SubmitAsync(string job)
    {
        using var client = Admin();
        using var response = await client.PostAsJsonAsync("/v1/pipelines", new { pipeline = new { job } });
        return (string)(await response.ExpectAsync(HttpStatusCode.OK))["pipeline"]!["id"]!;
    }

    /// <summary>Runs a job to its end and returns the run.</summary>
    public async Task<JsonObject> RunAsync(string job, string mainYml)
    {
        await PutJobAsync(job, mainYml);
        return await EndAsync(await SubmitAsync(job));
    }

    public async Task<JsonObject> EndAsync(string id)
    {
        JsonNode pipeline = new JsonObject();
        await Eventually.True(
            async () => (string)(pipeline = (await Client.GetJsonAsync($"/v1/pipelines/{id}"))["pipeline"]!)["status"]! is "DONE" or "TERMINATED",
            $"run {id} ends");
        return pipeline.AsObject();
    }

    /// <summary>Opens a WebSocket.</summary>
    public static async Task<ClientWebSocket> ConnectAsync(Uri address, Action<ClientWebSocketOptions>? configure = null)
    {
        var socket = new ClientWebSocket();
        configure?.Invoke(socket.Options);
        await socket.ConnectAsync(address, CancellationToken.None);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await running.DisposeAsync();
        directory.Dispose();
    }
}

internal static class HttpExtensions
{
    /// <summary>The JSON of the answer, which must have this status and be JSON.</summary>
    public static async Task<JsonNode> ExpectAsync(this HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} instead of {(int)status}: {text}");
        return JsonNode.Parse(text)!;
    }

    public static async Task<JsonNode> GetJsonAsync(this HttpClient client, string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await client.GetAsync(path);
        return await response.ExpectAsync(status);
    }

    public static async Task<JsonNode> SendJsonAsync(
        this HttpClient client, HttpMethod method, string path, string? body, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        return await response.ExpectAsync(status);
    }

    public static Task<JsonNode> PostJsonAsync(this HttpClient client, string path, string? body, HttpStatusCode status = HttpStatusCode.OK) =>
        client.SendJsonAsync(HttpMethod.Post, path, body, status);

    /// <summary>The names of the members, in their order.</summary>
    public static IEnumerable<string> Keys(this JsonNode node) => node.AsObject().Select(m => m.Key);

    /// <summary>Sends a text and reads frames until the server closes.</summary>
    public static async Task<List<JsonObject>> AskAsync(this ClientWebSocket socket, string frame)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, CancellationToken.None);
        var frames = new List<JsonObject>();
        while (await socket.ReadAsync() is { } text)
            frames.Add(JsonNode.Parse(text)!.AsObject());
        return frames;
    }

    /// <summary>The next frame; null: the server has closed.</summary>
    public static async Task<string?> ReadAsync(this ClientWebSocket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var buffer = new byte[2 * 1024 * 1024];
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), limit.Token);
            if (result.MessageType == WebSocketMessageType.Close)
                return null;
            length += result.Count;
            if (result.EndOfMessage)
                return Encoding.UTF8.GetString(buffer, 0, length);
        }
    }
}

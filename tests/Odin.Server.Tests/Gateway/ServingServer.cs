using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Odin.Deployments;
using Odin.Feedback;
using Odin.Images;
using Odin.Server.Gateway;
using Odin.Server.Tests.Lifecycle;

namespace Odin.Server.Tests.Gateway;

/// <summary>
/// A server that serves: real images in its own registry, real processes, a small model server of the tests in them
/// (<c>served_model.py</c>), which does what requests ask of it.
/// </summary>
public sealed class ServingServer : IAsyncDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly TemporaryDirectory directory = new();
    private readonly LifecycleClient api;

    private ServingServer(TestServer server)
    {
        Server = server;
        api = new LifecycleClient(server);
        // Cookies are looked at, not kept.
        Models = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = server.Url, Timeout = TimeSpan.FromMinutes(2) };
        Models.DefaultRequestHeaders.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", server.Token());
    }

    internal TestServer Server { get; }

    /// <summary>Asks models, with the token of the admin.</summary>
    public HttpClient Models { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    internal static async Task<ServingServer> StartAsync(GatewayOptions? gateway = null, Func<ReplicaOptions, ReplicaOptions>? replicas = null, FeedbackOptions? feedback = null)
    {
        var state = new TemporaryDirectory();
        var options = new ReplicaOptions
        {
            // Sockets have little room for their path.
            Directory = state.Path,
            Isolation = ReplicaIsolation.None,
            IdleAfter = TimeSpan.FromHours(1),
            DrainHold = TimeSpan.FromMilliseconds(200),
            ProbeInterval = TimeSpan.FromMilliseconds(200),
        };
        var server = await TestServer.StartAsync(
            o => o with { Gateway = gateway ?? o.Gateway, Engine = engine => engine.Feedback = feedback ?? engine.Feedback },
            services => services.AddSingleton(replicas?.Invoke(options) ?? options).AddSingleton(state));
        return new ServingServer(server);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var deployment in (await GetAsync("model/deployment")).AsArray().Select(d => (string)d!["id"]!).ToList())
            await DeleteAsync(deployment);
        Models.Dispose();
        api.Dispose();
        await Server.DisposeAsync();
        directory.Dispose();
    }

    /// <summary>Where a model looks for what the test tells it.</summary>
    public string ControlOf(string model) => Directory.CreateDirectory(directory[model]).FullName;

    /// <summary>Tells a model something.</summary>
    public void Tell(string model, string word) => File.WriteAllText(Path.Combine(ControlOf(model), word), "");

    public void Untell(string model, string word) => File.Delete(Path.Combine(ControlOf(model), word));

    public bool Told(string model, string pattern) => Directory.EnumerateFiles(ControlOf(model), pattern).Any();

    /// <summary>Makes the image <c>MODEL:VERSION</c> in the server's own registry.</summary>
    public async Task<string> PushAsync(string model, string version = "1.0")
    {
        var script = await File.ReadAllBytesAsync(Path.Combine(SourceTree.Root, "tests/Odin.Server.Tests/Gateway/served_model.py"), Token);
        using var repository = Server.Services.GetRequiredService<StoredRegistry>().Open(model);
        await Server.Services.GetRequiredService<IImageBuilder>().BuildAsync(
            new ImageBuild
            {
                Target = repository,
                Tag = version,
                Base = BaseImage.Scratch(),
                Layers = [new ImageLayer("server", [LayerEntry.Bytes("odin-predictor", script, Executable)])],
                Configuration = new ImageConfiguration
                {
                    Entrypoint = ["/odin-predictor", "--host", "0.0.0.0", "--port", "5000"],
                    Environment = new Dictionary<string, string> { ["MODEL"] = model, ["VERSION"] = version, ["CONTROL"] = ControlOf(model) },
                },
            },
            static (_, _) => Task.CompletedTask,
            Token);
        return $"{model}:{version}";
    }

    /// <summary>Deploys the model's image under its name, and waits until it is ready.</summary>
    /// <param name="more">Further members of the spec, as JSON with a comma before each.</param>
    public async Task DeployAsync(string model, string more = "", bool wait = true)
    {
        var image = await PushAsync(model);
        await PostAsync("model/deployment", $$$"""{"id":"{{{model}}}","spec":{"image":"{{{image}}}","predictor":"odahu-ml-server","livenessProbeInitialDelay":0{{{more}}}}}""");
        if (wait)
            await Eventually.True(async () => await StateAsync(model) == "Ready" && (int)(await StatusAsync(model))["availableReplicas"]! > 0, $"the deployment '{model}' is ready");
    }

    public Task<JsonNode> GetAsync(string path) => api.ExpectAsync(System.Net.HttpStatusCode.OK, HttpMethod.Get, path);

    public async Task PostAsync(string path, string body) => await api.ExpectAsync(System.Net.HttpStatusCode.Created, HttpMethod.Post, path, body);

    public async Task PutAsync(string path, string body) => await api.ExpectAsync(System.Net.HttpStatusCode.OK, HttpMethod.Put, path, body);

    /// <summary>Deletes a deployment, and waits until nothing is left of it.</summary>
    public async Task DeleteAsync(string deployment)
    {
        using var admin = Server.Admin();
        await admin.DeleteAsync($"/api/v1/model/deployment/{deployment}", Token);
        await Eventually.True(async () => (await admin.GetAsync($"/api/v1/model/deployment/{deployment}", Token)).StatusCode == System.Net.HttpStatusCode.NotFound, $"the deployment '{deployment}' is gone");
    }

    public async Task<JsonNode> StatusAsync(string deployment) => (await GetAsync($"model/deployment/{deployment}"))["status"]!;

    public async Task<string?> StateAsync(string deployment) => (string?)(await StatusAsync(deployment))["state"];

    /// <summary>The record of the deployment itself.</summary>
    public async Task<Deployment> FindAsync(string deployment) => (await Server.Store.FindAsync<Deployment>(deployment, Token))!;

    /// <summary>Sends a prediction.</summary>
    public async Task<HttpResponseMessage> InvokeAsync(string prefix, string path = "/api/model/invoke", string body = "{}", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, prefix + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Models.SendAsync(request, Token);
    }

    /// <summary>The answer of a prediction that succeeds.</summary>
    public async Task<JsonNode> PredictAsync(string prefix, params (string Name, string Value)[] headers)
    {
        using var response = await InvokeAsync(prefix, headers: headers);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(Token)}");
        return (await response.Content.ReadFromJsonAsync<JsonNode>(Token))!;
    }
}

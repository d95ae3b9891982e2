using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Odin.Kubernetes;
using Odin.Kubernetes.Api;
using Odin.Resources;
using Odin.Server.Hosting;
using Odin.Storage;

namespace Odin.Server.Tests.Hosting;

public sealed class HostingTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly TestServer server = fixture.Server;

    [Fact]
    public async Task Health_OfAGoodServer_IsOk()
    {
        var health = await server.Client.GetJsonAsync("/health");
        Assert.Equal("ok", (string)health["status"]!);
        Assert.Equal(["store", "pipelines", "executors"], health["parts"]!.Keys());
    }

    [Fact]
    public async Task Health_WithARemoteThatNeverAnswered_IsDegraded()
    {
        using var directory = new TemporaryDirectory();
        await using var lost = await TestServer.StartAsync(WithGit(git => git.Source = $"file://{directory["nowhere"]}"));
        var health = await lost.Client.GetJsonAsync("/health");
        Assert.Equal("degraded", (string)health["status"]!);
        Assert.Equal("degraded", (string)health["parts"]!["pipelines"]!["status"]!);
        // Asking in vain does not make it well.
        await lost.Client.GetJsonAsync("/v1/jobs", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("degraded", (string)(await lost.Client.GetJsonAsync("/health"))["status"]!);
    }

    [Fact]
    public async Task Start_WithAMissingSshKey_SaysSo()
    {
        var error = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(WithGit(git => git.SshKeyFile = "/nope")));
        Assert.Equal(ExitCodes.Configuration, error.ExitCode);
        Assert.Equal("The SSH key file '/nope' does not exist: give the path of a private key.", error.Message);
    }

    private static Func<ServerOptions, ServerOptions> WithGit(Action<Odin.Git.GitOptions> configure) => options =>
    {
        var engine = options.Engine;
        return options with
        {
            Engine = odin =>
            {
                engine(odin);
                configure(odin.Git);
            },
        };
    };

    [Fact]
    public async Task App_SaysWhatTheServerStandsOn()
    {
        var app = await server.Client.GetJsonAsync("/v1/app");
        Assert.Equal(["pipelines_root", "pipelines_version", "pipelines_repo_dirty", "ws_server_status"], app.Keys().Take(4));
        Assert.StartsWith("responsive (", (string)app["ws_server_status"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_ThatDoesNotAnswer_IsNamedAtTheStartAndAWarningOfPing()
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["config"], """
            {clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"}}], users: [{name: u, user: {token: t}}],
             contexts: [{name: dev, context: {cluster: c, user: u}}], current-context: dev}
            """);
        ServerOptions? options = null;
        await using var own = await TestServer.StartAsync(o => options = o with
        {
            Kubernetes = new KubernetesSettings(new KubernetesApiOptions { Kubeconfig = directory["config"] }, new KubernetesExecutorOptions { Namespace = "tasks" }),
        });

        Assert.Contains(
            $"Executor   process; on request kubernetes: https://127.0.0.1:9/, namespace tasks ({directory["config"]}, context \"dev\")\n", Usage.Greeting(own.Running, options!), StringComparison.Ordinal);
        var warning = (string)(await own.Client.GetJsonAsync("/v1/app"))["warning"]!;
        Assert.StartsWith("The executor 'kubernetes' cannot work at the moment: The Kubernetes API server https://127.0.0.1:9/", warning, StringComparison.Ordinal);
        Assert.Null((await server.Client.GetJsonAsync("/v1/app"))["warning"]);
    }

    [Fact]
    public async Task Nodes_HaveThisMachine()
    {
        var answer = await server.Client.GetJsonAsync("/v1/nodes");
        Assert.False((bool)answer["hasAgents"]!);
        var node = answer["nodes"]!.AsArray().Single()!;
        Assert.Equal(Environment.MachineName, (string)node["host"]!);
        Assert.NotNull(node["gpus"]!.AsArray());
        Assert.Matches(@"^\d+Ki$", (string)node["memory"]!);
    }

    [Fact]
    public async Task OpenApi_DescribesEveryRoute()
    {
        var document = await server.Client.GetJsonAsync("/openapi/v1.json");
        var paths = document["paths"]!.Keys().ToList();
        foreach (var path in new[] { "/v1/pipelines/{id}", "/v1/pipelines/{id}/watch", "/v1/users/{username}", "/v1/jobs/{id}/files/{file}", "/v1/resources/{id}/logs", "/health" })
            Assert.Contains(path, paths);
        var submit = document["paths"]!["/v1/pipelines"]!["post"]!;
        Assert.NotNull(submit["requestBody"]!["content"]!["application/json"]!["schema"]);
        Assert.NotEmpty(submit["security"]!.AsArray());
        using var page = await server.Client.GetAsync("/docs/index.html");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task ServerFile_TellsWhereTheServerIsAndGoesWithIt()
    {
        string file;
        await using (var other = await TestServer.StartAsync())
        {
            file = Path.Combine(other.Data, ServerFile.FileName);
            var content = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
            Assert.Equal(other.Url, new Uri((string)content["url"]!));
            Assert.Equal(other.LegacySocket, new Uri((string)content["webSocketUrl"]!));
            Assert.Equal(Environment.ProcessId, (int)content["pid"]!);
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(other.Data));
            }
        }
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Start_WithACertificate_SpeaksTls()
    {
        using var directory = new TemporaryDirectory();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        await File.WriteAllTextAsync(directory["cert.pem"], certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(directory["key.pem"], key.ExportPkcs8PrivateKeyPem());
        await using var tls = await TestServer.StartAsync(o => o with
        {
            Addresses = [new ServerAddress(true, IPAddress.Loopback, 0)],
            TlsCertificate = directory["cert.pem"],
            TlsKey = directory["key.pem"],
        });
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) => presented!.GetCertHashString() == certificate.GetCertHashString();
        using var client = new HttpClient(handler);
        Assert.Equal("\"pong\"", await client.GetStringAsync(new Uri(tls.Url, "/v1/ping")));
        Assert.Equal("wss", tls.LegacySocket.Scheme);
    }

    [Fact]
    public async Task Start_OnADataDirectoryInUse_SaysSo()
    {
        var error = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(o => o with { DataDirectory = server.Data }));
        Assert.Contains("Another server uses", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.InUse, error.ExitCode);
    }

    [Fact]
    public async Task Start_OnAPortInUse_SaysSo()
    {
        var error = await Assert.ThrowsAsync<StartupException>(
            () => TestServer.StartAsync(o => o with { Addresses = [new ServerAddress(false, IPAddress.Loopback, server.Url.Port)] }));
        Assert.Contains("--urls", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.InUse, error.ExitCode);
    }

    [Theory]
    [InlineData("/proc/odin")]
    [InlineData("/dev/null/odin")]
    public async Task Start_OnADirectoryThatCannotBeMade_SaysSo(string path)
    {
        var error = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync(o => o with { DataDirectory = path }));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.CannotWrite, error.ExitCode);
    }

    [Fact]
    public async Task Start_WithAnImpossibleDatabase_SaysSo()
    {
        var error = await Assert.ThrowsAsync<StartupException>(
            () => TestServer.StartAsync(o => o with { Engine = engine => engine.Storage.Database = "what is this" }));
        Assert.Equal(ExitCodes.Configuration, error.ExitCode);
    }

    [Fact]
    public async Task Request_WhileTheStoreIsGone_Is503WithRetryAfter()
    {
        var store = new BreakableStore();
        await using var shaky = await TestServer.StartAsync(replace: s => s.AddSingleton<IResourceStore>(store));
        using var admin = shaky.Admin();
        await admin.GetJsonAsync("/v1/users");
        store.IsBroken = true;

        using var response = await shaky.Client.GetAsync("/v1/pipelines");
        var problem = await response.ExpectAsync(HttpStatusCode.ServiceUnavailable);
        Assert.DoesNotContain("secret detail", problem.ToJsonString(), StringComparison.Ordinal);
        Assert.NotNull(response.Headers.RetryAfter);
        var health = await shaky.Client.GetJsonAsync("/health", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("failing", (string)health["status"]!);
        using (var socket = await TestServer.ConnectAsync(shaky.LegacySocket))
            Assert.Equal("ERROR", (string)(await socket.AskAsync("""{"command":"STATUS","request":""}""")).Single()["status"]!);

        store.IsBroken = false;
        await shaky.Client.GetJsonAsync("/v1/pipelines");
        Assert.Equal("ok", (string)(await shaky.Client.GetJsonAsync("/health"))["status"]!);
    }

    /// <summary>A store whose database can go away.</summary>
    private sealed class BreakableStore() : ForwardingStore(new InMemoryResourceStore())
    {
        public volatile bool IsBroken;

        protected override IResourceStore Inner => IsBroken ? throw new StoreUnavailableException("secret detail", new InvalidOperationException()) : base.Inner;
    }
}

using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Api.Access;
using static Odin.Kubernetes.Tests.Api.ScriptedApiServer;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>TLS and credentials as a kubeconfig gives them, over real connections.</summary>
public sealed class KubernetesConnectionTests : IDisposable
{
    private const string Version = """{"major":"1","minor":"20","gitVersion":"v1.20.2"}""";

    private readonly TemporaryDirectory directory = new();
    private readonly TestCertificates authority = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("RSA")]
    [InlineData("EC")]
    public async Task ClientCertificate_IsShownOverHttp2(string kind)
    {
        await using var server = await StartTlsAsync("localhost");
        var (certificate, key) = TestCertificates.Client("fred", kind, authority);
        using var client = Client(server, Trusted(authority), $"client-certificate-data: {Base64(certificate)}, client-key-data: {Base64(key)}");

        Assert.Equal("v1.20.2", (await client.GetVersionAsync(default)).GitVersion);

        var request = Assert.Single(server.Requests);
        Assert.Equal(("CN=fred", "HTTP/2"), (request.ClientCertificate, request.Protocol));
    }

    [Fact]
    public async Task Server_OfAnotherAuthority_IsRefusedWithWordsAndWithoutRepeats()
    {
        await using var server = await StartTlsAsync("localhost");
        using var client = Client(server, Trusted(new TestCertificates()), "token: x");

        var error = await Assert.ThrowsAsync<KubernetesUnavailableException>(() => client.GetVersionAsync(default));

        Assert.Contains("its certificate is not accepted (", error.Message, StringComparison.Ordinal);
        Assert.Contains("compare certificate-authority-data", error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Server_WithAnotherName_NeedsTlsServerName()
    {
        await using var server = await StartTlsAsync("api.example.org");
        using var without = Client(server, Trusted(authority), "token: x");
        using var with = Client(server, $"{Trusted(authority)}, tls-server-name: api.example.org", "token: x");

        await Assert.ThrowsAsync<KubernetesUnavailableException>(() => without.GetVersionAsync(default));
        Assert.Equal("v1.20.2", (await with.GetVersionAsync(default)).GitVersion);
    }

    [Fact]
    public async Task Server_UntrustedButNotToBeVerified_IsSpokenTo()
    {
        await using var server = await StartTlsAsync("localhost");
        using var client = Client(server, "insecure-skip-tls-verify: true", "token: x");

        Assert.Equal("v1.20.2", (await client.GetVersionAsync(default)).GitVersion);
        Assert.Equal("Bearer x", Assert.Single(server.Requests).Authorization);
    }

    [Fact]
    public async Task Unauthorized_ExecPluginRunsAgainAndTheRequestIsSentAgain()
    {
        await using var server = await StartTlsAsync("localhost", (request, context) => request.Authorization == "Bearer run-2"
            ? JsonAsync(context, Version)
            : StatusAsync(context, 401, "Unauthorized", "Unauthorized"));
        using var client = Client(server, Trusted(authority), Plugin($$"""
            echo run >> "{{directory["runs"]}}"
            printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"run-%d"} }' $(wc -l < "{{directory["runs"]}}")
            """));

        Assert.Equal("v1.20.2", (await client.GetVersionAsync(default)).GitVersion);
        Assert.Equal("v1.20.2", (await client.GetVersionAsync(default)).GitVersion);

        Assert.Equal(["Bearer run-1", "Bearer run-2", "Bearer run-2"], server.Requests.Select(r => r.Authorization));
    }

    [Fact]
    public async Task Unauthorized_NewCertificateOfAPlugin_GetsNewConnections()
    {
        await using var server = await StartTlsAsync("localhost", (request, context) => request.ClientCertificate == "CN=new"
            ? JsonAsync(context, Version)
            : StatusAsync(context, 401, "Unauthorized", "Unauthorized"));
        Answer("answer-1", "old");
        Answer("answer-2", "new");
        using var client = Client(server, Trusted(authority), Plugin($$"""
            echo run >> "{{directory["runs"]}}"
            cat "{{directory["answer-"]}}$(wc -l < "{{directory["runs"]}}" | tr -d ' ')"
            """));

        Assert.Equal("v1.20.2", (await client.GetVersionAsync(default)).GitVersion);

        Assert.Equal(["CN=old", "CN=new"], server.Requests.Select(r => r.ClientCertificate));
    }

    [Fact]
    public async Task Unauthorized_FixedToken_SaysWhereItIsFrom()
    {
        await using var server = await StartTlsAsync("localhost", (_, context) => StatusAsync(context, 401, "Unauthorized", "Unauthorized"));
        using var client = Client(server, Trusted(authority), "token: x");

        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync(default));

        Assert.Equal($"Unauthorized: the credentials of {directory["config"]}, context \"x\" are not accepted; they may have expired", error.Message);
        Assert.Single(server.Requests);
    }

    private void Answer(string file, string name)
    {
        var (certificate, key) = TestCertificates.Client(name, "EC", authority);
        File.WriteAllText(directory[file], $$"""
            {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":
             {"clientCertificateData":{{System.Text.Json.JsonSerializer.Serialize(certificate)}},"clientKeyData":{{System.Text.Json.JsonSerializer.Serialize(key)}} } }
            """);
    }

    // Run by the shell, so that the file need not be executable.
    private string Plugin(string script)
    {
        File.WriteAllText(directory["plugin"], script);
        return $$"""exec: {command: /bin/sh, args: ["{{directory["plugin"]}}"], apiVersion: client.authentication.k8s.io/v1}""";
    }

    private Task<ScriptedApiServer> StartTlsAsync(string name, Func<SeenRequest, Microsoft.AspNetCore.Http.HttpContext, Task>? script = null) =>
        StartAsync(script ?? ((_, context) => JsonAsync(context, Version)), authority.Server(name));

    private static string Trusted(TestCertificates authority) => $"certificate-authority-data: {Base64(authority.Root.ExportCertificatePem())}";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private KubernetesClient Client(ScriptedApiServer server, string cluster, string user)
    {
        File.WriteAllText(directory["config"], $$"""
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u} }]
            clusters: [{name: c, cluster: {server: "{{server.Address}}", {{cluster}} } }]
            users: [{name: u, user: { {{user}} } }]
            """);
        var options = Hurried(o => o with { Kubeconfig = directory["config"] });
        var configuration = new ConfigurationSource(_ => null, TimeProvider.System).Load(options);
        return new KubernetesClient(configuration, options, TimeProvider.System, NullLogger<KubernetesClient>.Instance);
    }
}

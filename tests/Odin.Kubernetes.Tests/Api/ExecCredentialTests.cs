using Odin.Kubernetes.Api;
using Odin.Kubernetes.Api.Access;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>Exec plug-ins, as small shell scripts: what they are told, how long their answer is kept, and how they fail.</summary>
public sealed class ExecCredentialTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ManualTime time = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("v1")]
    [InlineData("v1beta1")]
    public async Task GetAsync_Plugin_IsToldItsArgumentsEnvironmentAndCluster(string version)
    {
        var credentials = Plugin($$"""
            printf '%s' "$KUBERNETES_EXEC_INFO" > "{{directory["info"]}}"
            printf '{"apiVersion":"client.authentication.k8s.io/{{version}}","kind":"ExecCredential","status":{"token":"%s-%s"} }' "$1" "$EXTRA"
            """, version, "args: [one], env: [{name: EXTRA, value: two}], provideClusterInfo: true");

        var credential = await credentials.GetAsync(default);

        Assert.Equal("Bearer one-two", credential.Authorization!.ToString());
        var info = await File.ReadAllTextAsync(directory["info"]);
        Assert.Equal(
            "{\"apiVersion\":\"client.authentication.k8s.io/" + version + "\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false,"
            + "\"cluster\":{\"server\":\"https://x\",\"tls-server-name\":\"y\"}}}", info);
    }

    [Fact]
    public async Task GetAsync_AnswerWithExpiration_IsKeptUntilThen()
    {
        var credentials = Plugin(Counting("\"expirationTimestamp\":\"2026-01-01T01:00:00Z\","));

        Assert.Equal("run-1", (await credentials.GetAsync(default)).Authorization!.Parameter);
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("run-1", (await credentials.GetAsync(default)).Authorization!.Parameter);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("run-2", (await credentials.GetAsync(default)).Authorization!.Parameter);
    }

    [Fact]
    public async Task GetAsync_AfterRejection_RunsAgainOnce()
    {
        var credentials = Plugin(Counting(""));
        var first = await credentials.GetAsync(default);

        Assert.True(credentials.Reject(first));
        Assert.Equal("run-2", (await credentials.GetAsync(default)).Authorization!.Parameter);
        Assert.True(credentials.Reject(first));
        Assert.Equal("run-2", (await credentials.GetAsync(default)).Authorization!.Parameter);
    }

    [Fact]
    public async Task GetAsync_ManyAtOnce_RunOnce()
    {
        var credentials = Plugin(Counting(""));

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => credentials.GetAsync(default).AsTask()));

        Assert.All(all, c => Assert.Equal("run-1", c.Authorization!.Parameter));
    }

    [Fact]
    public async Task GetAsync_Certificate_IsTaken()
    {
        var (certificate, key) = TestCertificates.Client("fred", "EC", new TestCertificates());
        await File.WriteAllTextAsync(directory["answer"], $$"""
            {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":
             {"clientCertificateData":{{System.Text.Json.JsonSerializer.Serialize(certificate)}},"clientKeyData":{{System.Text.Json.JsonSerializer.Serialize(key)}} } }
            """);

        var credential = await Plugin($"cat '{directory["answer"]}'").GetAsync(default);

        Assert.Equal("CN=fred", credential.Certificate!.Subject);
        Assert.Null(credential.Authorization);
    }

    [Theory]
    [InlineData("echo 'You are not logged in; run: login' >&2; exit 3", "ended with exit code 3: You are not logged in; run: login. Run it by hand to see what it lacks (ask Mary).")]
    [InlineData("echo hello", "did not print an ExecCredential in JSON")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"x"}}'""", "where the kubeconfig says ExecCredential of client.authentication.k8s.io/v1;")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'""", "printed neither a \"token\" nor \"clientCertificateData\"")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"x","expirationTimestamp":"soon"}}'""", "\"expirationTimestamp\" \"soon\"")]
    public async Task GetAsync_PluginFails_SaysHowAndWhere(string script, string words)
    {
        var error = await Assert.ThrowsAsync<KubernetesConfigurationException>(async () =>
            await Plugin(script, "v1", "installHint: ask Mary").GetAsync(default));

        Assert.StartsWith($"users[u].user.exec: the credential plug-in \"{directory["plugin"]}\" ", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\"x\"", error.Message, StringComparison.Ordinal);
    }

    private string Counting(string extra) => $$"""
        echo run >> "{{directory["runs"]}}"
        printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{ {{extra}}"token":"run-%d"} }' $(wc -l < "{{directory["runs"]}}")
        """;

    private ICredentialSource Plugin(string script, string version = "v1", string more = "args: []")
    {
        File.WriteAllText(directory["plugin"], $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(directory["plugin"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(directory["config"], $$"""
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u} }]
            clusters: [{name: c, cluster: {server: "https://x", tls-server-name: y} }]
            users: [{name: u, user: {exec: {command: ./plugin, apiVersion: client.authentication.k8s.io/{{version}}, {{more}} } } }]
            """);
        var options = new KubernetesApiOptions { Kubeconfig = directory["config"] };
        return new ConfigurationSource(_ => null, time).Load(options).Credentials;
    }
}

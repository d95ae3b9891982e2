using System.Text;
using Odin.Kubernetes.Api;
using Odin.Kubernetes.Api.Access;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>What is read from kubeconfig files and from a pod, and what is said about wrong ones.</summary>
public sealed class KubeconfigTests : IDisposable
{
    private const string Plain = """
        apiVersion: v1
        kind: Config
        current-context: dev
        clusters:
        - name: dev
          cluster: {server: "https://10.0.0.1:6443", tls-server-name: api.example.org, proxy-url: "http://proxy:3128"}
        - name: bare
          cluster:
            server: http://127.0.0.1:8001/k8s/clusters/c-1
            insecure-skip-tls-verify: true
        users:
        - name: token
          user: {token: "the token"}
        - name: basic
          user: {username: fred, password: "pass:word"}
        contexts:
        - name: dev
          context: {cluster: dev, user: token, namespace: ml}
        - name: other
          context: {cluster: bare, user: basic}
        - name: nobody
          context: {cluster: bare}
        """;

    private readonly TemporaryDirectory directory = new();
    private readonly Dictionary<string, string> environment = [];
    private readonly ManualTime time = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Load_CurrentContext_GivesItsClusterAndUser()
    {
        var configuration = Load(Plain);

        Assert.Equal("https://10.0.0.1:6443/", configuration.Server.AbsoluteUri);
        Assert.Equal("ml", configuration.Namespace);
        Assert.Equal("api.example.org", configuration.TlsServerName);
        Assert.Equal("http://proxy:3128/", configuration.Proxy!.AbsoluteUri);
        Assert.Equal($"{directory["config"]}, context \"dev\"", configuration.Source);
        Assert.Equal("Bearer the token", (await configuration.Credentials.GetAsync(default)).Authorization!.ToString());
    }

    [Fact]
    public async Task Load_ChosenContext_GivesThatOne()
    {
        var configuration = Load(Plain, o => o with { Context = "other" });

        Assert.Equal("/k8s/clusters/c-1", configuration.Server.AbsolutePath);
        Assert.Equal("default", configuration.Namespace);
        Assert.True(configuration.SkipTlsVerify);
        Assert.Equal($"Basic {Convert.ToBase64String("fred:pass:word"u8)}", (await configuration.Credentials.GetAsync(default)).Authorization!.ToString());
    }

    [Fact]
    public async Task Load_ContextWithoutUser_IsAnonymous() =>
        Assert.Null((await Load(Plain, o => o with { Context = "nobody" }).Credentials.GetAsync(default)).Authorization);

    [Fact]
    public void Load_NamespaceOption_WinsOverTheContext() => Assert.Equal("mine", Load(Plain, o => o with { Namespace = "mine" }).Namespace);

    [Fact]
    public void Load_SeveralFiles_FirstToNameAThingWins()
    {
        Write("one", """
            current-context: b
            clusters: [{name: c, cluster: {server: "https://one"}}]
            contexts:
            users: null
            """);
        Write("two", """
            {"current-context": "a", "clusters": [{"name": "c", "cluster": {"server": "https://two"}}, {"name": "d", "cluster": {"server": "https://two-d"}}],
             "contexts": [{"name": "a", "context": {"cluster": "d"}}, {"name": "b", "context": {"cluster": "c"}}]}
            """);
        environment["KUBECONFIG"] = $"{directory["missing"]}:{directory["one"]}:{directory["two"]}";

        Assert.Equal("one", Load(new KubernetesApiOptions()).Server.Host);
        Assert.Equal("two-d", Load(new KubernetesApiOptions { Context = "a" }).Server.Host);
    }

    [Fact]
    public void Load_NothingSaid_ReadsTheFileInTheHomeDirectory()
    {
        environment["HOME"] = directory.Path;
        Directory.CreateDirectory(directory[".kube"]);
        Write(".kube/config", Plain);

        Assert.Equal("10.0.0.1", Load(new KubernetesApiOptions()).Server.Host);
    }

    [Theory]
    [InlineData("RSA")]
    [InlineData("RSA PKCS #8")]
    [InlineData("EC")]
    [InlineData("EC PKCS #8")]
    public void Load_ClientCertificate_TakesEveryKindOfKey(string kind)
    {
        var (certificate, key) = TestCertificates.Client("fred", kind, new TestCertificates());
        Write("fred.crt", certificate);
        Write("fred.key", key);

        var fromFiles = Load(WithUser("client-certificate: fred.crt", "client-key: fred.key"));
        var fromData = Load(WithUser($"client-certificate-data: {Base64(certificate)}", $"client-key-data: {Base64(key)}"));

        Assert.Equal("CN=fred", fromFiles.Certificate!.Subject);
        Assert.Equal("CN=fred", fromData.Certificate!.Subject);
    }

    [Fact]
    public void Load_CertificateAndKeyOfDifferentPeople_SaysSo()
    {
        var authority = new TestCertificates();
        var (certificate, _) = TestCertificates.Client("fred", "EC", authority);
        var (_, key) = TestCertificates.Client("mary", "EC", authority);

        AssertFails(WithUser($"client-certificate-data: {Base64(certificate)}", $"client-key-data: {Base64(key)}"),
            "config:10:", "users[u].user.client-key-data: the private key cannot be read or is not the certificate's");
    }

    [Fact]
    public void Load_ExpiredCertificate_SaysSinceWhenAndWhatToDo()
    {
        var (certificate, key) = TestCertificates.Client("fred", "EC", new TestCertificates(), new DateTimeOffset(2025, 6, 1, 12, 0, 0, TimeSpan.Zero));

        AssertFails(WithUser($"client-certificate-data: {Base64(certificate)}", $"client-key-data: {Base64(key)}"),
            "client-certificate-data: the certificate of \"CN=fred\" expired at 2025-06-01 12:00 UTC; get a new one");
    }

    [Theory]
    [InlineData("client-certificate: no.crt", "client-key: no.key", "users[u].user.client-certificate: \"", "no.crt\" cannot be read")]
    [InlineData("client-certificate-data: '!'", "client-key-data: eA==", "client-certificate-data: is not base64", "on one line")]
    [InlineData("client-certificate-data: eA==", "client-key-data: eA==", "client-certificate-data: there is no PEM certificate", "BEGIN CERTIFICATE")]
    [InlineData("client-certificate-data: eA==", "", "client-key: is missing", "give both")]
    [InlineData("tokenFile: no-token", "", "users[u].user.tokenFile: the token file \"", "no-token\" cannot be read")]
    [InlineData("exec: {command: no-such-plugin, apiVersion: client.authentication.k8s.io/v1, installHint: get it}", "", "exec.command: there is no program \"no-such-plugin\"; install it and have it in PATH", "(get it)")]
    [InlineData("exec: {command: /bin/true, apiVersion: client.authentication.k8s.io/v1alpha1}", "", "exec.apiVersion: \"client.authentication.k8s.io/v1alpha1\" is not supported", "v1beta1")]
    [InlineData("exec: {command: /bin/true, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}", "", "exec.interactiveMode: \"Always\" needs a person", "another way")]
    [InlineData("auth-provider: {name: gcp}", "", "auth-provider: is no longer supported", "exec plug-in")]
    [InlineData("token: t", "as: mary", "users[u].user.as: acting as somebody else", "own credentials")]
    [InlineData("token: [a]", "", "users[u].user.token: a text is expected here", "config:")]
    public async Task Load_WrongUser_NamesFieldAndRemedy(string first, string second, string problem, string more)
    {
        var error = await Assert.ThrowsAsync<KubernetesConfigurationException>(async () =>
            await Load(WithUser(first, second)).Credentials.GetAsync(default));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains(more, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server: ''", "config:4:", "clusters[c].cluster.server: is missing")]
    [InlineData("server: 10.0.0.1", "clusters[c].cluster.server: \"10.0.0.1\" is not an address such as", "https://")]
    [InlineData("{server: 'https://x', proxy-url: 'ftp://y'}", "proxy-url: \"ftp://y\" is not an address", "socks5")]
    [InlineData("{server: 'https://x', insecure-skip-tls-verify: maybe}", "insecure-skip-tls-verify: \"maybe\"", "true nor false")]
    [InlineData("{server: 'https://x', certificate-authority: none.crt}", "clusters[c].cluster.certificate-authority: \"", "none.crt\" cannot be read")]
    [InlineData("{server: 'https://x', certificate-authority-data: eA==}", "certificate-authority-data: holds no PEM certificate", "BEGIN CERTIFICATE")]
    public void Load_WrongCluster_NamesFieldAndRemedy(string cluster, string problem, string more) =>
        AssertFails("""
            clusters:
            - name: c
              cluster:
                THIS
            contexts: [{name: x, context: {cluster: c}}]
            current-context: x
            """.Replace("THIS", cluster, StringComparison.Ordinal), problem, more);

    [Fact]
    public void Load_UnknownContext_NamesThoseThatThereAre()
    {
        Write("config", Plain);

        var error = Assert.Throws<KubernetesConfigurationException>(() => Load(Plain, o => o with { Context = "prod" }));

        Assert.Equal($"{directory["config"]}: there is no context \"prod\" (from the setting kubernetes.context); choose one of those that the file has: \"dev\", \"other\", \"nobody\".", error.Message);
    }

    [Fact]
    public void Load_NoCurrentContext_AsksForOne() => AssertFails("contexts: [{name: a, context: {cluster: c}}]", "no \"current-context\" is set; choose one by --kubernetes-context: those that the file has: \"a\"");

    [Fact]
    public void Load_UnknownCluster_NamesTheContext() =>
        AssertFails("{current-context: a, contexts: [{name: a, context: {cluster: c}}]}", "there is no cluster \"c\" (from context \"a\")");

    [Fact]
    public void Load_NotYaml_NamesTheLine()
    {
        AssertFails("clusters: []\n users: []", "config:2:", "is not YAML");
        AssertFails("clusters: [\nusers: }", "is not YAML; look for brackets that are not closed");
    }

    [Fact]
    public void Load_AList_IsNoKubeconfig() => AssertFails("- a", "is not a kubeconfig");

    [Theory]
    [InlineData("")]
    [InlineData("{apiVersion: v1, kind: Config, clusters: [], contexts: []}")]
    public void Load_NothingInIt_SaysSo(string text) => AssertFails(text, "config: names no cluster, or is empty; put the file there that kubectl uses");

    [Fact]
    public void Load_MissingFile_NamesItAndTheWaysOut()
    {
        var error = Assert.Throws<KubernetesConfigurationException>(() => Load(new KubernetesApiOptions { Kubeconfig = "/no/such/config" }));

        Assert.StartsWith("There is no kubeconfig: \"/no/such/config\" (from the setting kubernetes.kubeconfig) does not exist. Name the file that kubectl uses by --kubernetes-kubeconfig ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_InAPod_UsesItsServiceAccount()
    {
        InPod("first");

        var configuration = Load(new KubernetesApiOptions());

        Assert.Equal("https://[fd00::1]:443", configuration.Server.OriginalString);
        Assert.Equal("ns-of-pod", configuration.Namespace);
        Assert.Single(configuration.Authorities!);
        Assert.Equal("Bearer first", (await configuration.Credentials.GetAsync(default)).Authorization!.ToString());
    }

    [Fact]
    public async Task GetAsync_TokenOfAPodChanges_IsReadAgainAfterAMinuteOrWhenRefused()
    {
        InPod("first");
        var credentials = Load(new KubernetesApiOptions()).Credentials;
        var first = await credentials.GetAsync(default);

        Assert.False(credentials.Reject(first));
        Write("token", "second\n");
        Assert.Equal("first", (await credentials.GetAsync(default)).Authorization!.Parameter);
        time.Advance(TimeSpan.FromMinutes(1));
        var second = await credentials.GetAsync(default);
        Assert.Equal("second", second.Authorization!.Parameter);

        Write("token", "third");
        Assert.True(credentials.Reject(second));
        Assert.Equal("third", (await credentials.GetAsync(default)).Authorization!.Parameter);

        File.Delete(directory["token"]);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("third", (await credentials.GetAsync(default)).Authorization!.Parameter);
    }

    [Fact]
    public void Load_InAPodWithoutAuthority_SaysWhatToMount()
    {
        InPod("first");
        File.Delete(directory["ca.crt"]);

        Assert.Contains("mount the pod's service account token", Assert.Throws<KubernetesConfigurationException>(() => Load(new KubernetesApiOptions())).Message, StringComparison.Ordinal);
    }

    private void InPod(string token)
    {
        Write("token", token);
        Write("namespace", "ns-of-pod\n");
        Write("ca.crt", new TestCertificates().Root.ExportCertificatePem());
        environment["KUBERNETES_SERVICE_HOST"] = "fd00::1";
        environment["KUBERNETES_SERVICE_PORT"] = "443";
        environment["HOME"] = directory["nowhere"];
    }

    private void AssertFails(string kubeconfig, params string[] words)
    {
        var error = Assert.Throws<KubernetesConfigurationException>(() => Load(kubeconfig));
        Assert.All(words, word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
        Assert.StartsWith(directory["config"], error.Message, StringComparison.Ordinal);
    }

    private static string WithUser(string first, string second) => $$"""
        clusters:
        - name: c
          cluster: {server: "https://x"}
        contexts: [{name: x, context: {cluster: c, user: u} }]
        current-context: x
        users:
        - name: u
          user:
            {{first}}
            {{second}}
        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private void Write(string name, string text) => File.WriteAllText(directory[name], text);

    private KubernetesConfiguration Load(string kubeconfig, Func<KubernetesApiOptions, KubernetesApiOptions>? configure = null)
    {
        Write("config", kubeconfig);
        var options = new KubernetesApiOptions { Kubeconfig = directory["config"] };
        return Load(configure?.Invoke(options) ?? options);
    }

    private KubernetesConfiguration Load(KubernetesApiOptions options) =>
        new ConfigurationSource(environment.GetValueOrDefault, time, directory.Path).Load(options);
}

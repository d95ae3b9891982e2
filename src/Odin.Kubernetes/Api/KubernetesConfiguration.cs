using System.Security.Cryptography.X509Certificates;
using Odin.Kubernetes.Api.Access;

namespace Odin.Kubernetes.Api;

/// <summary>Where a cluster is and who we are to it: read from kubeconfig files or from the service account of our pod.</summary>
public sealed class KubernetesConfiguration
{
    internal KubernetesConfiguration()
    {
    }

    /// <summary>The API server; it may have a path.</summary>
    public required Uri Server { get; init; }

    /// <summary>Where our objects live when nobody says otherwise.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Where all this was read, for messages: <c>/root/.kube/config, context "dev"</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Null: those that the machine trusts.</summary>
    internal X509Certificate2Collection? Authorities { get; init; }

    internal bool SkipTlsVerify { get; init; }

    /// <summary>The name that the server's certificate must bear, when it is not the one in the address.</summary>
    internal string? TlsServerName { get; init; }

    internal Uri? Proxy { get; init; }

    internal ClientCertificate? Certificate { get; init; }

    internal ICredentialSource Credentials { get; init; } = new FixedCredential(null);

    /// <summary>What requests go through on their way; null: nothing.</summary>
    internal Func<HttpMessageHandler, DelegatingHandler>? Around { get; init; }

    /// <summary>Reads the configuration that the options, the environment and the machine give.</summary>
    /// <exception cref="KubernetesConfigurationException">There is none, or it is wrong.</exception>
    public static KubernetesConfiguration Load(KubernetesApiOptions options, TimeProvider time) =>
        new ConfigurationSource(Environment.GetEnvironmentVariable, time).Load(options);

    internal KubernetesConfiguration With(string? @namespace) => string.IsNullOrEmpty(@namespace) ? this : With(@namespace, Around);

    internal KubernetesConfiguration With(string @namespace, Func<HttpMessageHandler, DelegatingHandler>? around) => new()
    {
        Around = around,
        Server = Server,
        Namespace = @namespace,
        Source = Source,
        Authorities = Authorities,
        SkipTlsVerify = SkipTlsVerify,
        TlsServerName = TlsServerName,
        Proxy = Proxy,
        Certificate = Certificate,
        Credentials = Credentials,
    };
}

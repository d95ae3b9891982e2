using System.Net.Http.Headers;

namespace Odin.Kubernetes.Api.Access;

/// <summary>Who we are, at the moment.</summary>
/// <param name="Authorization">Null: nothing beside the certificate.</param>
/// <param name="Certificate">Null: the one of the configuration, if any.</param>
internal sealed record Credential(AuthenticationHeaderValue? Authorization, ClientCertificate? Certificate = null)
{
    public override string ToString() => nameof(Credential);
}

/// <summary>Gives what a request proves itself with; credentials change while a server runs.</summary>
internal interface ICredentialSource
{
    /// <exception cref="KubernetesConfigurationException">There is none to be had.</exception>
    ValueTask<Credential> GetAsync(CancellationToken cancellationToken);

    /// <summary>The server did not accept this one. True: asking again may give another.</summary>
    bool Reject(Credential credential);
}

/// <summary>A token or a password that stands in the kubeconfig itself.</summary>
internal sealed class FixedCredential(AuthenticationHeaderValue? authorization) : ICredentialSource
{
    private readonly Credential credential = new(authorization);

    public ValueTask<Credential> GetAsync(CancellationToken cancellationToken) => ValueTask.FromResult(credential);

    public bool Reject(Credential credential) => false;
}

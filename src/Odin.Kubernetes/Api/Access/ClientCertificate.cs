using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Odin.Kubernetes.Api.Access;

/// <summary>A certificate with its private key and the certificates between it and its root, as TLS wants them.</summary>
internal sealed record ClientCertificate(SslStreamCertificateContext Context)
{
    public DateTimeOffset NotAfter => new(Context.TargetCertificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    public string Subject => Context.TargetCertificate.Subject;

    /// <summary>Joins certificate and key, both PEM; the key may be RSA or EC, in its own format or PKCS #8.</summary>
    /// <exception cref="CryptographicException">They are no such thing or do not belong together; the message says which, in our words.</exception>
    public static ClientCertificate FromPem(string certificates, string key)
    {
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw new CryptographicException("the private key is encrypted with a pass phrase, which nobody could type here; give it decrypted");
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificates);
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"the certificate cannot be read ({e.Message})", e);
        }
        if (chain.Count == 0)
            throw new CryptographicException("there is no PEM certificate in it (\"-----BEGIN CERTIFICATE-----\")");
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new CryptographicException("there is no PEM private key in it (\"-----BEGIN PRIVATE KEY-----\", or RSA or EC)");
        try
        {
            var leaf = X509Certificate2.CreateFromPem(certificates, key);
            chain.RemoveAt(0);
            return new ClientCertificate(SslStreamCertificateContext.Create(leaf, chain, offline: true));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new CryptographicException($"the private key cannot be read or is not the certificate's ({e.Message})", e);
        }
    }

    public bool Equals(ClientCertificate? other) => other is not null && ReferenceEquals(Context, other.Context);

    public override int GetHashCode() => Context.GetHashCode();

    public override string ToString() => Subject;
}

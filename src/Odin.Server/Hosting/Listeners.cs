using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Odin.Server.Auth;

namespace Odin.Server.Hosting;

/// <summary>What the server listens on; the ports are real ones once it has started.</summary>
internal sealed class Listeners(ServerOptions options)
{
    private readonly List<(ListenOptions Listener, ServerAddress Address)> api = [], sockets = [];

    /// <summary>The addresses of the API.</summary>
    public IReadOnlyList<Uri> Api => [.. api.Select(l => Reachable(l, "http"))];

    /// <summary>The first address of the inherited WebSocket protocol; null: there is none.</summary>
    public Uri? WebSocket => sockets.Count == 0 ? null : Reachable(sockets[0], "ws");

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        // BodyLimit has the bound.
        kestrel.Limits.MaxRequestBodySize = null;
        var certificate = new Lazy<X509Certificate2>(LoadCertificate);
        foreach (var address in options.Addresses)
        {
            kestrel.Listen(address.IsHttps ? new IPEndPoint(address.Host, address.Port) : new WatchedEndPoint(address.Host, address.Port), listener =>
            {
                if (address.IsHttps)
                    listener.UseHttps(certificate.Value);
                else
                    listener.Protocols = HttpProtocols.Http1;
                api.Add((listener, address));
            });
        }
        if (options.WebSocketPort is not { } port)
            return;
        foreach (var address in options.Addresses.DistinctBy(a => a.Host))
        {
            kestrel.Listen(address.Host, port, listener =>
            {
                if (address.IsHttps)
                    listener.UseHttps(certificate.Value);
                listener.Protocols = HttpProtocols.Http1;
                listener.Use(next => connection =>
                {
                    connection.Features.Set(new LegacySocketFeature());
                    return next(connection);
                });
                sockets.Add((listener, address));
            });
        }
    }

    private X509Certificate2 LoadCertificate()
    {
        if (options.TlsCertificate is null)
        {
            throw new StartupException(
                ExitCodes.Configuration, "An https address needs a certificate: name its PEM file with --tls-certificate, and its key with --tls-key.");
        }
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(options.TlsCertificate, options.TlsKey ?? options.TlsCertificate);
            // A key that came from PEM lives in memory only, which TLS does not take everywhere.
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
        catch (System.Security.Cryptography.CryptographicException e)
        {
            throw new StartupException(ExitCodes.Configuration, $"The certificate '{options.TlsCertificate}' cannot be used: {e.Message}", e);
        }
    }

    // "All addresses" is no address that one can connect to; loopback is among them.
    private static Uri Reachable((ListenOptions Listener, ServerAddress Address) bound, string scheme)
    {
        var point = bound.Listener.IPEndPoint!;
        var host = point.Address.Equals(IPAddress.Any) || point.Address.Equals(IPAddress.IPv6Any)
            ? point.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback
            : point.Address;
        return new Uri($"{(bound.Address.IsHttps ? scheme + "s" : scheme)}://{new IPEndPoint(host, point.Port)}");
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Odin.Kubernetes.Api.Access;

/// <summary>
/// The connections to the API server and our proof of who we are. Speaks HTTP/2 where the server does, so that hundreds of
/// watches, logs and requests share a few connections; notices within half a minute when the other side has died silently.
/// </summary>
internal sealed class KubernetesConnection(KubernetesConfiguration configuration) : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10), ProbeAfter = TimeSpan.FromSeconds(15);

    private readonly Lock gate = new();
    private readonly List<HttpClient> retired = [];
    private HttpClient? client;
    private ClientCertificate? certificate;

    /// <summary>Sends once; a second time when the server does not accept credentials that can be had afresh.</summary>
    public async Task<HttpResponseMessage> SendAsync(KubernetesRequest request, CancellationToken cancellationToken)
    {
        var credential = await configuration.Credentials.GetAsync(cancellationToken);
        var response = await SendAsync(request, credential, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized || !configuration.Credentials.Reject(credential))
            return response;
        response.Dispose();
        credential = await configuration.Credentials.GetAsync(cancellationToken);
        return await SendAsync(request, credential, cancellationToken);
    }

    public void Dispose()
    {
        lock (gate)
        {
            client?.Dispose();
            foreach (var old in retired)
                old.Dispose();
        }
    }

    private async Task<HttpResponseMessage> SendAsync(KubernetesRequest request, Credential credential, CancellationToken cancellationToken)
    {
        using var message = request.ToMessage(configuration.Server);
        message.Headers.Authorization = credential.Authorization;
        // The handler takes the name that the certificate must bear from here.
        message.Headers.Host = configuration.TlsServerName;
        KubernetesMeters.RequestSent(request);
        var completion = request.Streams ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead;
        return await ClientFor(credential.Certificate ?? configuration.Certificate).SendAsync(message, completion, cancellationToken);
    }

    /// <summary>A connection bears the certificate that it was opened with, so a new certificate needs new connections.</summary>
    private HttpClient ClientFor(ClientCertificate? wanted)
    {
        lock (gate)
        {
            if (client is not null && Equals(certificate, wanted))
                return client;
            if (client is not null)
                retired.Add(client);
            certificate = wanted;
            return client = Create(wanted);
        }
    }

    private HttpClient Create(ClientCertificate? proof)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !configuration.Server.IsLoopback || configuration.Proxy is not null,
            ConnectTimeout = ConnectTimeout,
            ConnectCallback = ConnectAsync,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = ProbeAfter,
            KeepAlivePingTimeout = ProbeAfter,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            SslOptions = TlsOptions(proof),
        };
        if (configuration.Proxy is { } proxy)
            handler.Proxy = new WebProxy(proxy);
        var result = new HttpClient(configuration.Around?.Invoke(handler) ?? (HttpMessageHandler)handler) { Timeout = Timeout.InfiniteTimeSpan };
        var version = typeof(KubernetesConnection).Assembly.GetName().Version!;
        result.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("odin", version.ToString(3)));
        return result;
    }

    private SslClientAuthenticationOptions TlsOptions(ClientCertificate? proof)
    {
        var options = new SslClientAuthenticationOptions { ClientCertificateContext = proof?.Context };
        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The kubeconfig says insecure-skip-tls-verify.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.Authorities is { } authorities)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            options.CertificateChainPolicy = policy;
        }
        return options;
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // HTTP/2 has pings of its own; these are for HTTP/1.1, where a silent watch would wait for a dead peer for minutes.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)ProbeAfter.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

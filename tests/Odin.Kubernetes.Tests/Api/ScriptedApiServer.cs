using System.Collections.Concurrent;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests.Api;

/// <summary>A request that a <see cref="ScriptedApiServer"/> has seen.</summary>
internal sealed record SeenRequest(
    string Method, string Path, IReadOnlyDictionary<string, string> Query, string Authorization, string ContentType, string Body,
    string Protocol, string Host, string? ClientCertificate, DateTimeOffset Time)
{
    public bool IsWatch => Query.ContainsKey("watch");
}

/// <summary>
/// An HTTP server that answers as a test's script says, for what a real API server does only on bad days: forgotten versions,
/// dropped connections, overload, slow streams. It knows nothing of Kubernetes.
/// </summary>
internal sealed class ScriptedApiServer : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly ConcurrentQueue<SeenRequest> requests = new();
    private readonly CancellationTokenSource end = new();

    private ScriptedApiServer(WebApplication application) => this.application = application;

    /// <summary>In the order of their coming.</summary>
    public IReadOnlyList<SeenRequest> Requests => [.. requests];

    public Uri Address => new(application.Urls.Single());

    /// <summary>Cancelled when the server goes; for answers that hang on purpose.</summary>
    public CancellationToken End => end.Token;

    /// <param name="script">Writes the answer.</param>
    /// <param name="certificate">Given: HTTPS, and clients are asked for a certificate.</param>
    public static async Task<ScriptedApiServer> StartAsync(
        Func<SeenRequest, HttpContext, Task> script, X509Certificate2? certificate = null, TimeProvider? time = null, int port = 0)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            if (certificate is null)
                return;
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(certificate, https =>
            {
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            });
        }));
        var server = new ScriptedApiServer(builder.Build());
        server.application.Run(async context =>
        {
            var seen = await ReadAsync(context, time ?? TimeProvider.System);
            server.requests.Enqueue(seen);
            await script(seen, context);
        });
        await server.application.StartAsync();
        return server;
    }

    /// <summary>A client of this server that does not wait long for anything.</summary>
    public KubernetesClient Client(Func<KubernetesApiOptions, KubernetesApiOptions>? configure = null, TimeProvider? time = null) =>
        new(new KubernetesConfiguration { Server = Address, Source = "a test" }, Hurried(configure), time ?? TimeProvider.System, NullLogger<KubernetesClient>.Instance);

    public static KubernetesApiOptions Hurried(Func<KubernetesApiOptions, KubernetesApiOptions>? configure = null)
    {
        var options = new KubernetesApiOptions
        {
            RequestTimeout = TimeSpan.FromMinutes(2),
            FirstDelay = TimeSpan.FromMilliseconds(1),
            LongestDelay = TimeSpan.FromMilliseconds(20),
        };
        return configure?.Invoke(options) ?? options;
    }

    public static Task JsonAsync(HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    /// <summary>A refusal as the API server words it.</summary>
    public static Task StatusAsync(HttpContext context, int code, string reason, string message, string details = "{}") => JsonAsync(
        context, $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","details":{{details}},"code":{{code}} }""", code);

    /// <summary>Sends what a watch has to say now.</summary>
    public static async Task SendAsync(HttpContext context, params string[] parts)
    {
        foreach (var part in parts)
        {
            await context.Response.WriteAsync(part);
            await context.Response.Body.FlushAsync();
        }
    }

    /// <summary>Keeps the answer open until the test is over.</summary>
    public async Task HangAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(End, context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, either.Token).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        if (end.IsCancellationRequested)
            return;
        await end.CancelAsync();
        await application.DisposeAsync();
    }

    private static async Task<SeenRequest> ReadAsync(HttpContext context, TimeProvider time)
    {
        var request = context.Request;
        using var reader = new StreamReader(request.Body);
        return new SeenRequest(
            request.Method, request.Path.Value!, request.Query.ToDictionary(p => p.Key, p => p.Value.ToString()), request.Headers.Authorization.ToString(),
            request.ContentType ?? "", await reader.ReadToEndAsync(), request.Protocol, request.Host.Host, context.Connection.ClientCertificate?.Subject, time.GetUtcNow());
    }
}

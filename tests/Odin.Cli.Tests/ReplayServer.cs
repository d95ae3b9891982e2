using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Cli.Tests;

/// <summary>A request as it arrived.</summary>
internal sealed record ReceivedRequest(string Method, string PathAndQuery, string? Authorization, string? IdempotencyKey, string? Accept, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>An answer to replay.</summary>
internal sealed record ReplayAnswer(int Status, string Body, string ContentType = "application/json");

/// <summary>A real HTTP server on a free port that answers as documented; what has no answer is a 404.</summary>
internal sealed class ReplayServer : IAsyncDisposable
{
    private readonly HttpListener listener;
    private readonly ConcurrentDictionary<string, Func<ReceivedRequest, ReplayAnswer>> routes = new();
    private readonly ConcurrentDictionary<string, Func<HttpListenerContext, Task>> streams = new();
    private readonly Task loop;

    public ReplayServer()
    {
        // Another host name, as that of a login page is.
        (listener, Port) = FreePort.Listen("localhost");
        loop = ServeAsync();
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}";

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = [];

    /// <summary>Answers <c>GET /v1/app</c> and the like; the query is not part of the route.</summary>
    public ReplayServer On(string route, string body, int status = 200) => On(route, _ => new ReplayAnswer(status, body));

    public ReplayServer On(string route, Func<ReceivedRequest, ReplayAnswer> answer)
    {
        routes[route] = answer;
        return this;
    }

    /// <summary>Answers by hand: streams and WebSockets.</summary>
    public ReplayServer OnStream(string route, Func<HttpListenerContext, Task> answer)
    {
        streams[route] = answer;
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await loop;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
            await AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var request = context.Request;
        var route = $"{request.HttpMethod} {request.Url!.AbsolutePath}";
        if (streams.TryGetValue(route, out var stream))
        {
            Requests.Enqueue(Received(request, ""));
            await stream(context);
            return;
        }
        using var reader = new StreamReader(request.InputStream, Encoding.UTF8);
        var received = Received(request, await reader.ReadToEndAsync());
        Requests.Enqueue(received);
        var answer = routes.TryGetValue(route, out var replay)
            ? replay(received)
            : new ReplayAnswer(404, """{"detail":"Not Found","status":404,"title":"Not Found","errors":[]}""");
        var body = Encoding.UTF8.GetBytes(answer.Body);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength64 = body.Length;
        await context.Response.OutputStream.WriteAsync(body);
        context.Response.Close();
    }

    private static ReceivedRequest Received(HttpListenerRequest request, string body) => new(
        request.HttpMethod,
        request.RawUrl!,
        request.Headers["Authorization"],
        request.Headers["Idempotency-Key"],
        request.Headers["Accept"],
        body);
}

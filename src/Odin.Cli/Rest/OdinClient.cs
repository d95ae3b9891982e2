using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Servers;

namespace Odin.Cli.Rest;

/// <summary>REST over one connection: sends the token, logs in again once when it has expired, and names what cannot be reached.</summary>
internal sealed class OdinClient : IDisposable
{
    private readonly ServerTransport transport;
    private readonly Lazy<HttpClient> open, ours;
    private readonly Authenticator authenticator;
    private string? token;
    private bool tokenIsKnown;

    private OdinClient(Connection connection, ServerTransport transport, Authenticator authenticator, TimeProvider time)
    {
        Connection = connection;
        this.transport = transport;
        open = new Lazy<HttpClient>(() => transport.Client(onlyOurs: false));
        ours = new Lazy<HttpClient>(() => transport.Client(onlyOurs: true));
        this.authenticator = authenticator;
        Time = time;
    }

    public Connection Connection { get; }

    public TimeProvider Time { get; }

    public TokenCache Tokens => authenticator.Cache;

    public static OdinClient Create(CliEnvironment environment, Connection connection, ConnectionFlags flags)
    {
        var transport = new ServerTransport(environment, connection);
        return new OdinClient(connection, transport, new Authenticator(environment, connection, flags, transport), environment.Time);
    }

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, null, cancellationToken);

    public Task<ApiAnswer> PostAsync(string path, JsonNode body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, () => Json(body), null, cancellationToken);

    public Task<ApiAnswer> DeleteAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, path, null, null, cancellationToken);

    public Task<ApiAnswer> PutAsync(string path, JsonNode body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, () => Json(body), null, cancellationToken);

    /// <summary>Sends a request and reads the whole answer, whatever its status.</summary>
    /// <param name="content">Called for each attempt.</param>
    /// <param name="idempotencyKey">With it the request may be sent again when the connection breaks.</param>
    public async Task<ApiAnswer> SendAsync(
        HttpMethod method, string path, Func<HttpContent>? content, string? idempotencyKey, CancellationToken cancellationToken)
    {
        var mayRepeat = idempotencyKey is not null || method == HttpMethod.Get;
        while (true)
        {
            try
            {
                using var answer = await ExchangeAsync(
                    () => Request(method, path, "application/json", content, idempotencyKey),
                    HttpCompletionOption.ResponseContentRead,
                    cancellationToken);
                var text = await answer.Content.ReadAsStringAsync(cancellationToken);
                return new ApiAnswer(answer.StatusCode, ParseOrNull(text), text);
            }
            catch (HttpRequestException e) when (mayRepeat && e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError))
            {
                mayRepeat = false;
            }
            catch (HttpRequestException e)
            {
                throw Unreachable(e);
            }
        }
    }

    /// <summary>Opens an answer that is read as it comes. Not a success: the exception for it.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, string accept, string? hint, CancellationToken cancellationToken)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await ExchangeAsync(
                () => Request(HttpMethod.Get, path, accept, null, null), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            throw new ApiAnswer(answer.StatusCode, ParseOrNull(text), text).Failure(hint);
        }
    }

    /// <summary>Logs in, whatever the cache holds.</summary>
    public async Task<string> LogInAsync(CancellationToken cancellationToken)
    {
        try
        {
            authenticator.Cache.Delete();
            tokenIsKnown = true;
            return token = await authenticator.LogInAsync(cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
    }

    /// <summary>The token for a protocol that cannot be asked whether it needs one; null: there is none yet.</summary>
    public async Task<string?> TokenAsync(CancellationToken cancellationToken)
    {
        if (!tokenIsKnown)
        {
            token = await authenticator.CurrentAsync(cancellationToken);
            tokenIsKnown = true;
        }
        return token;
    }

    /// <summary>What a WebSocket with the token connects through.</summary>
    public HttpMessageInvoker SocketInvoker() => new(transport.Handler(token is not null && authenticator.IsOnlyForOurs));

    public void Dispose()
    {
        foreach (var client in new[] { open, ours })
        {
            if (client.IsValueCreated)
                client.Value.Dispose();
        }
    }

    private async Task<HttpResponseMessage> ExchangeAsync(
        Func<HttpRequestMessage> create, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        if (Connection.IsWebSocket)
            throw new CliException(ExitCode.Usage, "this command is not in the WebSocket protocol", "Leave --scheme out, or give --scheme http.");
        await TokenAsync(cancellationToken);
        var answer = await SendOnceAsync(create, completion, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.Unauthorized)
            return answer;
        if (await authenticator.RenewAsync(cancellationToken) is not { } renewed)
            return answer;
        answer.Dispose();
        token = renewed;
        return await SendOnceAsync(create, completion, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        Func<HttpRequestMessage> create, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var request = create();
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var http = token is not null && authenticator.IsOnlyForOurs ? ours : open;
        return await http.Value.SendAsync(request, completion, cancellationToken);
    }

    private static HttpRequestMessage Request(
        HttpMethod method, string path, string accept, Func<HttpContent>? content, string? idempotencyKey)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content?.Invoke() };
        request.Headers.Accept.ParseAdd(accept);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return request;
    }

    private CliException Unreachable(HttpRequestException e)
    {
        if (ServerTransport.ObjectionIn(e) is { } objection)
            return objection;
        var refused = e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
        var why = refused ? "nothing listens there" : e.InnerException?.Message ?? e.Message;
        return new CliException(
            ExitCode.Unavailable,
            $"cannot reach {Connection.Display} (from {Connection.Source}): {why}",
            Connection.Url.IsLoopback
                ? "Start a server with `odin server`, or name another one with --url."
                : "Check the address: `odin context list` shows the servers you have named.");
    }

    private static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    private static JsonNode? ParseOrNull(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

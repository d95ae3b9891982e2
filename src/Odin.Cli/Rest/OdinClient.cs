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
                    () => Request(method, new Uri(path, UriKind.Relative), "application/json", content, idempotencyKey),
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

    /// <summary>
    /// Sends a request to a place that the server has named, which may be on another host, and reads the whole answer, whatever its
    /// status. It goes there with the same token, but not in clear where the server itself is not asked so.
    /// </summary>
    /// <param name="address">Absolute.</param>
    /// <param name="headers">Beside those that every request has.</param>
    /// <exception cref="CliException">The token or a header cannot be sent there, or nobody answers.</exception>
    public async Task<(ApiAnswer Answer, HttpResponseHeaders Headers)> AskAsync(
        HttpMethod method, Uri address, JsonNode? body, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancellationToken)
    {
        if (headers.Where(h => !h.Value.All(c => c is >= ' ' and <= '~')).Select(h => h.Name).FirstOrDefault() is { } wrong)
            throw new CliException(ExitCode.Usage, $"the value of '{wrong}' holds what cannot be sent as a header", "It takes what is printable in ASCII.");
        try
        {
            using var answer = await ExchangeAsync(
                () =>
                {
                    var request = Request(method, address, "application/json", body is null ? null : () => Json(body), null);
                    foreach (var (name, value) in headers)
                        request.Headers.TryAddWithoutValidation(name, value);
                    return request;
                },
                HttpCompletionOption.ResponseContentRead,
                cancellationToken);
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return (new ApiAnswer(answer.StatusCode, ParseOrNull(text), text), answer.Headers);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e, address);
        }
    }

    /// <summary>Opens an answer that is read as it comes. Not a success: the exception for it.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, string accept, string? hint, CancellationToken cancellationToken)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await ExchangeAsync(
                () => Request(HttpMethod.Get, new Uri(path, UriKind.Relative), accept, null, null), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
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
        if (token is not null && Connection.Url.Scheme == "https" && request.RequestUri is { IsAbsoluteUri: true } address && address.Scheme != "https")
        {
            throw new CliException(
                ExitCode.Failure, $"the server says that this is at {address.GetLeftPart(UriPartial.Authority)}, where your token would go in clear, so it is not sent",
                "Whoever runs the server sets deployment.edge_url to the https address of models.");
        }
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var http = token is not null && authenticator.IsOnlyForOurs ? ours : open;
        return await http.Value.SendAsync(request, completion, cancellationToken);
    }

    private static HttpRequestMessage Request(
        HttpMethod method, Uri address, string accept, Func<HttpContent>? content, string? idempotencyKey)
    {
        var request = new HttpRequestMessage(method, address) { Content = content?.Invoke() };
        request.Headers.Accept.ParseAdd(accept);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return request;
    }

    /// <param name="address">Null: the server's own.</param>
    private CliException Unreachable(HttpRequestException e, Uri? address = null)
    {
        if (ServerTransport.ObjectionIn(e) is { } objection)
            return objection;
        var refused = e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
        var why = refused ? "nothing listens there" : e.InnerException?.Message ?? e.Message;
        if (address is not null && !IsOfServer(address))
            return new CliException(ExitCode.Unavailable, $"cannot reach {address.GetLeftPart(UriPartial.Authority)}, where the server says that the model is: {why}", "Whoever runs the server has set that address.");
        return new CliException(
            ExitCode.Unavailable,
            $"cannot reach {Connection.Display} (from {Connection.Source}): {why}",
            Connection.Url.IsLoopback
                ? "Start a server with `odin server`, or name another one with --url."
                : "Check the address: `odin context list` shows the servers you have named.");
    }

    /// <summary>Whether an address is one of this server.</summary>
    public bool IsOfServer(Uri address) => address.Scheme == Connection.Url.Scheme && address.Port == Connection.Url.Port
        && (string.Equals(address.IdnHost, Connection.Url.IdnHost, StringComparison.OrdinalIgnoreCase) || (address.IsLoopback && Connection.Url.IsLoopback));

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

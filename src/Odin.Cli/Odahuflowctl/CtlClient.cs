using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Cli.Servers;

namespace Odin.Cli.Odahuflowctl;

/// <summary>REST as the older client does it: the token, a new one where the old is refused, and further attempts.</summary>
internal sealed class CtlClient : IDisposable
{
    private const int LongestBackoff = 120;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(60), LogTimeout = TimeSpan.FromSeconds(60);

    private readonly CtlSession session;
    private readonly ServerTransport transport;
    private readonly CtlCredentials credentials;
    private HttpClient? http;
    private string? token;

    private CtlClient(CtlSession session, CtlTarget target)
    {
        (this.session, Target) = (session, target);
        transport = new ServerTransport(session.Environment, new Connection(target.Url, "the configuration", null, target.Local));
        credentials = new CtlCredentials(session, target, transport);
    }

    public CtlTarget Target { get; }

    public TimeProvider Time => session.Environment.Time;

    public static CtlClient Create(CtlSession session, CtlTarget target) => new(session, target);

    public async Task<CtlAnswer> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(CallTimeout, Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await ExchangeAsync(() => Request(method, path, body), HttpCompletionOption.ResponseContentRead, both.Token);
            return await CtlAnswer.ReadAsync(response, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw CtlSession.Failure(CtlMessages.Unreachable(Target.Url));
        }
    }

    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Get, path, null, cancellationToken)).EnsureSuccess().Body ?? new JsonObject();

    /// <summary>The lines of a log, from an offset in characters on; ends where the log or the connection does.</summary>
    public async IAsyncEnumerable<string> ReadLogAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await ExchangeAsync(() => Request(HttpMethod.Get, path, null), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw (await CtlAnswer.ReadAsync(response, cancellationToken)).Failure();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (true)
        {
            string? line;
            using var limit = new CancellationTokenSource(LogTimeout, Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                line = await reader.ReadLineAsync(both.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // It has been silent for long; whether anybody is there, the next request tells.
                yield break;
            }
            if (line is null)
                yield break;
            yield return line;
        }
    }

    public void Dispose() => http?.Dispose();

    private async Task<HttpResponseMessage> ExchangeAsync(Func<HttpRequestMessage> create, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        try
        {
            token ??= await credentials.CurrentAsync(cancellationToken);
            while (true)
            {
                var response = await RepeatAsync(create, completion, cancellationToken);
                var page = LoginPage(response);
                if (response.StatusCode != HttpStatusCode.Unauthorized && page is null)
                    return response;
                response.Dispose();
                token = await credentials.RenewAsync(token, page, cancellationToken);
            }
        }
        catch (HttpRequestException e)
        {
            if (ServerTransport.ObjectionIn(e) is { } objection)
                throw objection;
            session.Debug(e.ToString());
            throw CtlSession.Failure(CtlMessages.Unreachable(Target.Url));
        }
    }

    // Another host answers where ours has sent us: there one logs in.
    private Uri? LoginPage(HttpResponseMessage response) =>
        response.RequestMessage?.RequestUri is { } place && !place.Host.Equals(Target.Url.Host, StringComparison.OrdinalIgnoreCase) ? place : null;

    private async Task<HttpResponseMessage> RepeatAsync(Func<HttpRequestMessage> create, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        var (attempts, factor) = (session.Configuration.Number(CtlVariable.RetryAttempts, 3), session.Configuration.Number(CtlVariable.BackoffFactor, 1));
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var request = create();
                if (token is not null)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                session.Debug($"{request.Method} {new Uri(Target.Url, request.RequestUri!)}");
                http ??= Open();
                var response = await http.SendAsync(request, completion, cancellationToken);
                session.Debug($"{(int)response.StatusCode} {response.ReasonPhrase}");
                var mayHelp = request.Method != HttpMethod.Post && (int)response.StatusCode is 429 or 500 or 502 or 503 or 504;
                if (!mayHelp || attempt >= attempts)
                    return response;
                response.Dispose();
            }
            // Nobody listens on this machine: that shows at once, and waiting would not change it.
            catch (HttpRequestException e) when (attempt < attempts && !Target.Url.IsLoopback && e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
            {
                session.Debug(e.Message);
            }
            // As the older client waits: not at all, then 2, 4, 8 seconds.
            if (attempt > 0 && factor > 0)
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(factor * Math.Pow(2, attempt), LongestBackoff)), Time, cancellationToken);
        }
    }

    private HttpClient Open()
    {
        var handler = transport.Handler(credentials.IsOnlyForOurs);
        // On the way to where one logs in; the token does not go along.
        handler.AllowAutoRedirect = !credentials.IsOnlyForOurs;
        return new HttpClient(handler) { BaseAddress = Target.Url, Timeout = Timeout.InfiniteTimeSpan };
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, JsonNode? body)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return request;
    }
}

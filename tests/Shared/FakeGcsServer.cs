using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Collections.Specialized;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;

namespace Odin.Testing;

/// <summary>
/// A fake of Google Cloud Storage, written from the documentation of its JSON interface (objects list, get, delete, resumable
/// upload) and of the exchange of a service account's assertion for a token. It checks what Google checks of the assertion: the
/// RS256 signature, issuer, audience, scope and times. It keeps everything in memory.
/// </summary>
internal sealed class FakeGcsServer : IDisposable
{
    public const string Bucket = "models";
    public const string Email = "odin@project.iam.gserviceaccount.com";

    private const string Scope = "https://www.googleapis.com/auth/devstorage.read_write";

    // Making one takes a while, and every server may have the same.
    private static readonly RSA Key = RSA.Create(2048), OtherKey = RSA.Create(2048);

    private readonly HttpListener listener;
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Item> items = new(Odin.ObjectStorage.ObjectKey.Order);
    private readonly Dictionary<string, Session> sessions = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> tokens = new();
    private readonly Task serving;
    private long generation = 1_700_000_000_000_000;
    private int tokensGiven;

    public FakeGcsServer(TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        (listener, Port) = FreePort.Listen();
        serving = ServeAsync();
    }

    public int Port { get; }

    public TimeProvider Time { get; }

    public string Endpoint => $"http://127.0.0.1:{Port}";

    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    public int TokensGiven => Volatile.Read(ref tokensGiven);

    /// <summary>Uploads that were begun and neither ended nor given up.</summary>
    public int OpenSessions
    {
        get
        {
            lock (gate)
                return sessions.Values.Count(s => s.Made is null);
        }
    }

    /// <summary>Method and path with query of all requests so far.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>Asked before each request: a status to answer with instead; null: none.</summary>
    public Func<HttpListenerRequest, int?> Refuse { get; set; } = _ => null;

    /// <summary>Asked after each request was carried out: whether its answer gets lost.</summary>
    public Func<HttpListenerRequest, bool> Lose { get; set; } = _ => false;

    /// <summary>How much of a part is kept, at most; a real server may keep less than it is sent.</summary>
    public int MostKept { get; set; } = int.MaxValue;

    /// <summary>Where sessions are said to be; null: where the client has asked.</summary>
    public string? SessionEndpoint { get; set; }

    /// <summary>The key file of the service account.</summary>
    public string ServiceAccountJson => KeyFile(Key, Email);

    /// <summary>A key file of that account with a key that was never its own.</summary>
    public string StrangerJson => KeyFile(OtherKey, Email);

    public string UnknownAccountJson => KeyFile(Key, "nobody@project.iam.gserviceaccount.com");

    /// <summary>No token that was given so far is good any longer.</summary>
    public void RevokeTokens() => tokens.Clear();

    public void Dispose()
    {
        listener.Close();
        serving.Wait(TimeSpan.FromSeconds(30));
    }

    private string KeyFile(RSA rsa, string email) => JsonSerializer.Serialize(new Dictionary<string, string>
    {
        ["type"] = "service_account",
        ["client_email"] = email,
        ["private_key_id"] = "0123456789abcdef",
        ["private_key"] = rsa.ExportPkcs8PrivateKeyPem(),
        ["token_uri"] = $"{Endpoint}/token",
    });

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                _ = AnswerAsync(await listener.GetContextAsync());
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            Requests.Enqueue($"{context.Request.HttpMethod} {context.Request.RawUrl}");
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            var answer = Refuse(context.Request) is { } status
                ? Error(status, "as the test wants it", "test")
                : Handle(context.Request, body.ToArray());
            if (Lose(context.Request))
            {
                // It breaks off after its first byte.
                context.Response.ContentLength64 = 1000;
                await context.Response.OutputStream.WriteAsync(new byte[1]);
                context.Response.Abort();
                return;
            }
            context.Response.StatusCode = answer.Status;
            foreach (var (name, value) in answer.Headers)
                context.Response.AddHeader(name, value);
            context.Response.ContentLength64 = answer.Body.Length;
            await context.Response.OutputStream.WriteAsync(answer.Body);
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The client went away in the middle; that is what some tests are about.
        }
    }

    private Answer Handle(HttpListenerRequest request, byte[] body)
    {
        var (path, query) = request.RawUrl!.Split('?', 2) is [var p, var q] ? (p, HttpUtility.ParseQueryString(q)) : (request.RawUrl, []);
        if (path == "/token")
            return GiveToken(HttpUtility.ParseQueryString(Encoding.UTF8.GetString(body)));
        // The address of a session is its own credential.
        if (query["upload_id"] is { } session)
            return Continue(request, session, body);
        if (!IsAuthorized(request.Headers["Authorization"]))
            return Error(401, "Invalid Credentials", "authError");
        var parts = path.Split('/').Select(Uri.UnescapeDataString).ToArray();
        if (parts is not ([_, "storage", "v1", "b", _, "o", ..] or [_, "upload", "storage", "v1", "b", _, "o"]))
            return Error(404, "Not Found", "notFound");
        if (parts[parts[1] == "upload" ? 5 : 4] != Bucket)
            return Error(404, "The specified bucket does not exist.", "notFound");
        lock (gate)
        {
            return (request.HttpMethod, parts) switch
            {
                ("POST", [_, "upload", ..]) => Begin(query, request.Headers["Host"]!),
                ("GET", { Length: 6 }) => List(query),
                ("GET", { Length: 7 }) when query["alt"] == "media" => Download(parts[6], query, request.Headers["Range"]),
                ("GET", { Length: 7 }) => items.TryGetValue(parts[6], out var found) ? Json(found.Facts()) : Missing(parts[6]),
                ("DELETE", { Length: 7 }) => items.Remove(parts[6]) ? new Answer(204) : Missing(parts[6]),
                _ => Error(400, "Unknown request", "invalid"),
            };
        }
    }

    private Answer GiveToken(NameValueCollection form)
    {
        if (form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer" || form["assertion"]?.Split('.') is not [var header, var claims, var signature])
            return TokenError("unsupported_grant_type", "Invalid grant_type");
        var head = JsonNode.Parse(Base64Url.DecodeFromChars(header))!;
        var said = JsonNode.Parse(Base64Url.DecodeFromChars(claims))!;
        if ((string?)said["iss"] != Email)
            return TokenError("invalid_grant", "Invalid grant: account not found");
        if ((string?)head["alg"] != "RS256"
            || !Key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{claims}"), Base64Url.DecodeFromChars(signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            return TokenError("invalid_grant", "Invalid JWT Signature.");
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var (begin, end) = ((long)said["iat"]!, (long)said["exp"]!);
        if (begin > now + 300 || end < now || end - begin > 3600)
            return TokenError("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.");
        if ((string?)said["aud"] != $"{Endpoint}/token" || (string?)said["scope"] != Scope)
            return TokenError("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
        var token = $"ya29.{Guid.NewGuid():N}";
        tokens[token] = Time.GetUtcNow() + TokenLifetime;
        Interlocked.Increment(ref tokensGiven);
        return Json(new JsonObject { ["access_token"] = token, ["expires_in"] = (int)TokenLifetime.TotalSeconds, ["token_type"] = "Bearer" });
    }

    private bool IsAuthorized(string? header) =>
        header?.StartsWith("Bearer ", StringComparison.Ordinal) == true && tokens.TryGetValue(header[7..], out var end) && Time.GetUtcNow() < end;

    private Answer List(NameValueCollection query)
    {
        var size = int.Parse(query["maxResults"]!, CultureInfo.InvariantCulture);
        var all = items.Keys.Where(k => k.StartsWith(query["prefix"] ?? "", StringComparison.Ordinal));
        if (query["pageToken"] is { } token)
            all = all.SkipWhile(k => Odin.ObjectStorage.ObjectKey.Order.Compare(k, Encoding.UTF8.GetString(Convert.FromBase64String(token))) <= 0);
        var page = all.Take(size + 1).ToList();
        var answer = new JsonObject { ["kind"] = "storage#objects" };
        if (page.Count > size)
            answer["nextPageToken"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(page[size - 1]));
        if (page.Count > 0)
            answer["items"] = new JsonArray([.. page.Take(size).Select(k => (JsonNode)items[k].Facts())]);
        return Json(answer);
    }

    private Answer Download(string name, NameValueCollection query, string? range)
    {
        if (!items.TryGetValue(name, out var item))
            return new Answer(404, Encoding.UTF8.GetBytes($"No such object: {Bucket}/{name}"));
        if (query["ifGenerationMatch"] is { } wanted && wanted != $"{item.Generation}")
            return Error(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet");
        var from = range is null ? 0 : int.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
        var answer = new Answer(range is null ? 200 : 206, item.Content[from..]);
        answer.Headers["x-goog-generation"] = $"{item.Generation}";
        if (range is not null)
            answer.Headers["Content-Range"] = $"bytes {from}-{item.Content.Length - 1}/{item.Content.Length}";
        return answer;
    }

    private Answer Begin(NameValueCollection query, string host)
    {
        var session = new Session(query["name"]!, query["ifGenerationMatch"] == "0");
        if (session.MustBeNew && items.ContainsKey(session.Name))
            return Error(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet");
        var id = Guid.NewGuid().ToString("N");
        sessions[id] = session;
        var answer = new Answer(200);
        answer.Headers["Location"] = $"{SessionEndpoint ?? $"http://{host}"}/upload/storage/v1/b/{Bucket}/o?uploadType=resumable&upload_id={id}";
        return answer;
    }

    private Answer Continue(HttpListenerRequest request, string id, byte[] body)
    {
        lock (gate)
        {
            if (request.HttpMethod == "DELETE")
                return new Answer(sessions.Remove(id) ? 499 : 404);
            if (!sessions.TryGetValue(id, out var session))
                return Error(404, "No such upload", "notFound");
            if (session.Made is not null)
                return Json(session.Made.Facts());
            // "bytes FROM-TO/TOTAL", "bytes */TOTAL", a TOTAL of * is not known yet; none at all: everything at once.
            var range = (request.Headers["Content-Range"] ?? $"bytes {(body.Length == 0 ? "*" : $"0-{body.Length - 1}")}/{body.Length}")["bytes ".Length..].Split('/');
            var total = range[1] == "*" ? (long?)null : long.Parse(range[1], CultureInfo.InvariantCulture);
            if (range[0] != "*")
            {
                if (long.Parse(range[0].Split('-')[0], CultureInfo.InvariantCulture) != session.Content.Length)
                    return Error(400, "The part does not begin where the last one ended.", "invalid");
                if (total is null && body.Length % (256 << 10) != 0)
                    return Error(400, "Only the last part may be no multiple of 256 KiB.", "invalid");
                session.Content.Write(body, 0, Math.Min(body.Length, MostKept));
            }
            return session.Content.Length == total ? End(id, session) : Progress(session);
        }
    }

    private Answer End(string id, Session session)
    {
        if (session.MustBeNew && items.ContainsKey(session.Name))
        {
            sessions.Remove(id);
            return Error(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet");
        }
        session.Made = items[session.Name] = new Item(session.Name, session.Content.ToArray(), ++generation, Time.GetUtcNow());
        session.Content.SetLength(0);
        // The session stays: asked again, it tells again.
        return Json(session.Made.Facts());
    }

    private static Answer Progress(Session session)
    {
        var answer = new Answer(308);
        if (session.Content.Length > 0)
            answer.Headers["Range"] = $"bytes=0-{session.Content.Length - 1}";
        return answer;
    }

    private static Answer Json(JsonObject content)
    {
        var answer = new Answer(200, Encoding.UTF8.GetBytes(content.ToJsonString()));
        answer.Headers["Content-Type"] = "application/json; charset=UTF-8";
        return answer;
    }

    private static Answer Missing(string name) => Error(404, $"No such object: {Bucket}/{name}", "notFound");

    private static Answer Error(int status, string message, string reason) => Json(new JsonObject
    {
        ["error"] = new JsonObject
        {
            ["code"] = status,
            ["message"] = message,
            ["errors"] = new JsonArray(new JsonObject { ["message"] = message, ["domain"] = "global", ["reason"] = reason }),
        },
    }) with
    { Status = status };

    private static Answer TokenError(string error, string description) =>
        Json(new JsonObject { ["error"] = error, ["error_description"] = description }) with { Status = 400 };

    private sealed record Answer(int Status, byte[] Body)
    {
        public Answer(int status)
            : this(status, [])
        {
        }

        public Dictionary<string, string> Headers { get; } = [];
    }

    private sealed record Item(string Name, byte[] Content, long Generation, DateTimeOffset Updated)
    {
        public JsonObject Facts() => new()
        {
            ["name"] = Name,
            ["size"] = $"{Content.Length}",
            ["updated"] = Updated.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
            ["generation"] = $"{Generation}",
        };
    }

    private sealed class Session(string name, bool mustBeNew)
    {
        public string Name { get; } = name;

        public bool MustBeNew { get; } = mustBeNew;

        public MemoryStream Content { get; } = new();

        public Item? Made { get; set; }
    }
}

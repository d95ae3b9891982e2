using System.Net;
using Odin.Feedback;
using Odin.Routes;
using Route = Odin.Routes.Route;

namespace Odin.Server.Gateway;

/// <summary>One request on its way through the gateway.</summary>
internal sealed class GatewayExchange(HttpContext context, RouteMatch match, string id, string? user, DateTimeOffset arrived)
{
    private const string InfoPath = "/api/model/info";

    public HttpContext Context { get; } = context;

    public Route Route { get; } = match.Route;

    /// <summary>The path for the model, decoded; whoever asks for the prefix alone gets the model's description.</summary>
    public string Path { get; } = PathOf(match, context.Request);

    /// <summary>Path and query for the model.</summary>
    public string Target => field ??= new PathString(Path).ToUriComponent() + Context.Request.QueryString.ToUriComponent();

    public string Prefix { get; } = match.Route.Spec.UrlPrefix;

    public string Id { get; } = id;

    /// <summary>Null: nobody knows.</summary>
    public string? User { get; } = user;

    public DateTimeOffset Arrived { get; } = arrived;

    public GatewayBody Body { get; set; } = null!;

    /// <summary>Whether it is a prediction, which are recorded.</summary>
    public bool IsPrediction =>
        Path.Contains("/api/model/invoke", StringComparison.Ordinal) || (Path.StartsWith("/v2/models/", StringComparison.Ordinal) && Path.TrimEnd('/').EndsWith("/infer", StringComparison.Ordinal));

    /// <summary>What has answered; set with the answer.</summary>
    public ServedName Model { get; set; }

    /// <summary>The answer as far as it is recorded; null: it is not.</summary>
    public BodyRecord? Record { get; set; }

    /// <summary>The request as a replica gets it, made from the client's, which has to be there yet.</summary>
    /// <param name="address">Of the replica, without a slash at the end.</param>
    public HttpRequestMessage CreateRequest(string address)
    {
        var request = new HttpRequestMessage(HttpMethod.Parse(Context.Request.Method), address + Target) { Content = Body.Content, Version = HttpVersion.Version11 };
        GatewayHeaders.CopyRequest(Context, request, Id, User, Prefix);
        return request;
    }

    public CapturedExchange Capture(int limit)
    {
        var (request, response) = (Context.Request, Context.Response);
        return new CapturedExchange
        {
            RequestId = Id,
            ModelName = Model.Model,
            ModelVersion = Model.Version,
            Time = Arrived,
            Method = request.Method,
            Uri = request.Path.ToUriComponent() + request.QueryString.ToUriComponent(),
            Host = request.Host.Value ?? "",
            Status = response.StatusCode,
            RequestHeaders = HeadersOf(request.Headers),
            ResponseHeaders = HeadersOf(response.Headers),
            // A part is copied: it would keep all of it in memory.
            Request = new CapturedBody(Body.Head.Length > limit ? Body.Head[..limit].ToArray() : Body.Head, !Body.IsWhole || Body.Head.Length > limit),
            Response = Record?.ToBody() ?? default,
        };
    }

    private static string PathOf(RouteMatch match, HttpRequest request) => match.Rest.Length <= 1 && HttpMethods.IsGet(request.Method) ? InfoPath : match.Rest.Length == 0 ? "/" : match.Rest;

    private static List<KeyValuePair<string, string>> HeadersOf(IHeaderDictionary headers)
    {
        var list = new List<KeyValuePair<string, string>>(headers.Count);
        foreach (var (name, values) in headers)
        {
            if (!GatewayHeaders.MayBeRecorded(name))
                continue;
            foreach (var value in values)
                list.Add(new KeyValuePair<string, string>(name, value ?? ""));
        }
        return list;
    }
}

/// <summary>The beginning of an answer, collected while it goes by.</summary>
/// <param name="limit">Bytes that are kept.</param>
/// <param name="expected">How long it will be; null: nobody knows.</param>
internal sealed class BodyRecord(int limit, long? expected)
{
    private byte[] bytes = new byte[(int)Math.Min(limit, Math.Max(0, expected ?? 1024))];
    private int count;
    private bool isTruncated;

    public void Add(ReadOnlySpan<byte> piece)
    {
        var taken = Math.Min(piece.Length, limit - count);
        isTruncated |= taken < piece.Length;
        if (taken == 0)
            return;
        if (count + taken > bytes.Length)
            Array.Resize(ref bytes, Math.Min(limit, Math.Max(count + taken, bytes.Length * 2)));
        piece[..taken].CopyTo(bytes.AsSpan(count));
        count += taken;
    }

    public CapturedBody ToBody() => new(bytes.AsMemory(0, count), isTruncated);
}

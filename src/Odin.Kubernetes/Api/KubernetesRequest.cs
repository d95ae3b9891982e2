using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Odin.Kubernetes.Api;

/// <summary>A request in the words of the API, so that it can be sent again, counted and named in a message.</summary>
/// <param name="Verb">As roles write it: get, list, watch, create, update, patch, delete.</param>
/// <param name="Resource">As roles write it, with the part: <c>pods/log</c>.</param>
internal sealed record KubernetesRequest(HttpMethod Method, string Path, string Verb, string Resource, string? Namespace = null)
{
    public byte[]? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary>The answer is a stream that is read as it comes.</summary>
    public bool Streams { get; init; }

    /// <summary>Even the beginning of the answer may take as long as it likes.</summary>
    public bool IsPatient { get; init; }

    /// <summary>Null: the client's own number.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Twice is as good as once, so that it may be sent again when nobody knows whether it arrived.</summary>
    public bool IsIdempotent => Method != HttpMethod.Post;

    public HttpRequestMessage ToMessage(Uri server)
    {
        var message = new HttpRequestMessage(Method, server.AbsoluteUri.TrimEnd('/') + Path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(Resource == "pods/log" ? "*/*" : "application/json"));
        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        }
        return message;
    }

    /// <summary><c>?a=b&amp;c=d</c> of those that are set; empty when none is.</summary>
    public static string Query(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
        return query.ToString();
    }
}

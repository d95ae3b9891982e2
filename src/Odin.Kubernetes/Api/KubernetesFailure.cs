using System.Net;
using System.Security.Authentication;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Odin.Kubernetes.Api;

/// <summary>Puts what went wrong into words that a person can act upon.</summary>
internal static partial class KubernetesFailure
{
    private const int TextShown = 1000;

    /// <summary>The server answered, but not with what was asked for.</summary>
    public static KubernetesException Refused(HttpStatusCode code, byte[] body, KubernetesRequest request, KubernetesConfiguration configuration)
    {
        var status = ParseStatus(body);
        var namesObject = !string.IsNullOrEmpty(status?.Details?.Name);
        var words = status?.Message is { Length: > 0 } message ? message : Text(body) is { Length: > 0 } text ? text : $"HTTP {(int)code} without a word";
        var causes = status?.Details?.Causes ?? [];
        // Most messages say their causes already; some say only how many there are.
        var missing = causes.Where(c => c.Message.Length > 0 && !words.Contains(c.Message, StringComparison.Ordinal))
            .Select(c => c.Field.Length > 0 ? $"{c.Field}: {c.Message}" : c.Message).ToList();
        if (missing.Count > 0)
            words = $"{words} ({string.Join("; ", missing)})";
        return new KubernetesException(code, status?.Reason ?? "", $"{words}{Remedy(code, words, namesObject, request, configuration)}", causes, namesObject);
    }

    /// <summary>The server said in the middle of a watch that it cannot go on.</summary>
    public static KubernetesException WatchEnded(KubernetesStatus status) =>
        new((HttpStatusCode)status.Code, status.Reason ?? "", status.Message ?? "the server ended the watch", status.Details?.Causes ?? [], namesObject: false);

    /// <summary>The server cannot at the moment, and said so as often as we asked.</summary>
    public static KubernetesUnavailableException Unable(KubernetesException refusal, TimeSpan? retryAfter, KubernetesConfiguration configuration) => new(
        $"The Kubernetes API server {configuration.Server} cannot serve at the moment (HTTP {(int)refusal.StatusCode}): {refusal.Message}", refusal)
    {
        RetryAfter = retryAfter,
        StatusCode = refusal.StatusCode,
    };

    /// <summary>There was no answer.</summary>
    public static KubernetesUnavailableException Unreachable(Exception cause, KubernetesConfiguration configuration, bool wasNotSent = false)
    {
        var words = cause is HttpRequestException && cause.InnerException is { } inner && !IsTls(cause) ? inner.Message : cause.Message;
        if (IsTls(cause))
        {
            var reason = cause.InnerException?.Message ?? cause.Message;
            words = $"its certificate is not accepted ({reason}); compare certificate-authority-data, tls-server-name and the server's name with the cluster's";
        }
        return new KubernetesUnavailableException($"The Kubernetes API server {configuration.Server} (from {configuration.Source}) does not answer: {words}", cause) { WasNotSent = wasNotSent };
    }

    /// <summary>There was an answer, but of something that is no API server.</summary>
    public static KubernetesUnavailableException Unintelligible(Exception cause, string verb, string resource, KubernetesConfiguration configuration) => new(
        $"The Kubernetes API server {configuration.Server} (from {configuration.Source}) answers {verb} {resource} with something else than it should ({cause.Message}); see what is at that address", cause);

    /// <summary>The certificate of the server is not what it should be; asking again does not change it.</summary>
    public static bool IsTls(Exception exception) => exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: AuthenticationException };

    private static string Remedy(HttpStatusCode code, string words, bool namesObject, KubernetesRequest request, KubernetesConfiguration configuration)
    {
        if (code == HttpStatusCode.Forbidden && RoleRefusal().Match(words) is { Success: true } refusal)
            return $": give this user's role the verb \"{refusal.Groups[1].Value}\" on \"{refusal.Groups[2].Value}\"";
        if (code == HttpStatusCode.Unauthorized)
            return $": the credentials of {configuration.Source} are not accepted; they may have expired";
        if (code == HttpStatusCode.NotFound && !namesObject)
            return $": the server does not know \"{request.Resource}\" at {request.Path.Split('?')[0]}; if it is a custom resource, install its definition";
        return "";
    }

    private static KubernetesStatus? ParseStatus(byte[] body)
    {
        try
        {
            var status = JsonSerializer.Deserialize(body, KubernetesJson.Default.KubernetesStatus);
            return status?.Kind == "Status" ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, TextShown))).Trim();
        return body.Length > TextShown ? $"{text} …" : text;
    }

    [GeneratedRegex("cannot ([a-z]+) resource \"([^\"]+)\"")]
    private static partial Regex RoleRefusal();
}

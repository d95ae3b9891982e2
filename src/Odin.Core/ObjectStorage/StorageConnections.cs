using System.Net.Http;
using System.Text.RegularExpressions;

namespace Odin.ObjectStorage;

/// <summary>How servers are connected to, and how it is said that they cannot be.</summary>
internal static partial class StorageConnections
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(15);

    /// <summary>No redirects, as what proves who we are must not go to another host; no cookies, no decompression.</summary>
    public static SocketsHttpHandler CreateHandler(TransferLimits limits) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = limits.AnswerTimeout < LongestConnect ? limits.AnswerTimeout : LongestConnect,
        // A name may lead to another address after a while.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    };

    /// <param name="kind">What the address is, for the message: "endpoint".</param>
    /// <exception cref="ObjectStorageException">It is no http or https address, or one with a password in it.</exception>
    public static Uri ParseAddress(string address, string kind)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
            throw new ObjectStorageException($"The {kind} is no usable address: give http:// or https://, a host, perhaps a port, and no user.", isPassing: false);
        return uri;
    }

    /// <exception cref="ObjectStorageException">No bucket can be called that.</exception>
    public static string CheckBucket(string name, string kind) => BucketName().IsMatch(name)
        ? name
        : throw new ObjectStorageException($"The name of the {kind}, '{name}', is not valid: use letters, digits, '-', '_' and '.'.", isPassing: false);

    /// <summary>Says why there was no answer.</summary>
    public static ObjectStorageException Explain(HttpRequestException error, string description, string host)
    {
        var (words, isPassing) = error.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => ($"the host '{host}' is not known; is the address right?", true),
            HttpRequestError.ConnectionError => ($"nothing could be reached at '{host}' ({Innermost(error)}); is the address right, and does the server run?", true),
            HttpRequestError.SecureConnectionError => ($"no secure connection could be made to '{host}' ({Innermost(error)}); is its certificate trusted here?", false),
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.ConfigurationLimitExceeded =>
                ($"what came from '{host}' is no proper HTTP answer ({Innermost(error)}); is the address right?", false),
            HttpRequestError.UserAuthenticationError => ($"the proxy on the way to '{host}' wants a password", false),
            _ => ($"the connection to '{host}' broke ({Innermost(error)})", true),
        };
        return new ObjectStorageException($"{Capital(description)} cannot be used: {words}", isPassing, error);
    }

    public static ObjectStorageException Broken(IOException error, string description, string host) =>
        new($"{Capital(description)} cannot be used: the connection to '{host}' broke ({Innermost(error)})", isPassing: true, error);

    /// <summary>What a server means that sends us elsewhere.</summary>
    public static string RedirectWords(string? target) =>
        $"It sends to {(target is null ? "another place" : $"'{target}'")}, which is not followed; if that is right, use that address.";

    /// <summary>For the beginning of a sentence; a URL stays as it is.</summary>
    public static string Capital(string text) => text.StartsWith("the ", StringComparison.Ordinal) ? $"T{text[1..]}" : text;

    private static string Innermost(Exception error) => error.GetBaseException().Message.TrimEnd('.');

    [GeneratedRegex(@"^\$?[A-Za-z0-9][A-Za-z0-9._-]{0,253}\z")]
    private static partial Regex BucketName();
}

using System.Text.RegularExpressions;

namespace Odin.Connections;

/// <summary>A registry of Amazon's, as its host name says it.</summary>
/// <param name="IsFips">Its endpoint is the one with validated cryptography.</param>
public sealed partial record EcrRegistry(string Account, string Region, bool IsFips)
{
    internal const string Mismatch = "docker-credential-ecr-login can only be used with Amazon Elastic Container Registry.";

    /// <summary>Reads <c>[https://]ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com[.cn][/path]</c>; null: it is something else.</summary>
    public static EcrRegistry? Parse(string uri)
    {
        const string https = "https://";
        var match = Pattern().Match(uri.StartsWith(https, StringComparison.Ordinal) ? uri[https.Length..] : uri);
        return match.Success ? new EcrRegistry(match.Groups[1].Value, match.Groups[3].Value, match.Groups[2].Success) : null;
    }

    [GeneratedRegex(@"\A([a-zA-Z0-9][a-zA-Z0-9-_]*)\.dkr\.ecr(-fips)?\.([a-zA-Z0-9][a-zA-Z0-9-_]*)\.amazonaws\.com(\.cn)?(?:[:/]|\z)")]
    private static partial Regex Pattern();
}

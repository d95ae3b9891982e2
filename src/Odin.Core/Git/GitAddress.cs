using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text.RegularExpressions;

namespace Odin.Git;

/// <summary>How a repository is reached.</summary>
internal enum GitTransport
{
    /// <summary>A directory that is used in place.</summary>
    Directory,

    /// <summary><c>file://</c>: a remote on this machine.</summary>
    File,
    Ssh,
    Http,
}

/// <summary>Where a repository is, checked, with its credentials apart.</summary>
internal sealed partial record GitAddress
{
    public required GitTransport Transport { get; init; }

    /// <summary>What git is given and what people are shown: an absolute path or a URL, never with a password.</summary>
    public required string Location { get; init; }

    /// <summary>Null unless the source had one. For HTTP only.</summary>
    public NetworkCredential? Credential { get; init; }

    /// <summary>Scheme, host and port: the only place that is given the credential.</summary>
    public string? Origin { get; init; }

    /// <summary>The value of <c>GIT_ALLOW_PROTOCOL</c>: nothing but what the address needs.</summary>
    public string Protocols => Transport switch
    {
        GitTransport.Ssh => "ssh",
        GitTransport.Http => Location.StartsWith("https:", StringComparison.Ordinal) ? "https" : "http:https",
        _ => "file",
    };

    public override string ToString() => Location;

    /// <summary>Checks a source as a user gives it.</summary>
    public static bool TryParse(
        string source, bool allowInsecureHttp, [NotNullWhen(true)] out GitAddress? address, [NotNullWhen(false)] out string? error)
    {
        address = null;
        error = Check(source);
        if (error is not null)
            return false;
        var scheme = Scheme().Match(source);
        if (scheme.Success)
            (address, error) = ParseUrl(source, scheme.Groups[1].Value.ToLowerInvariant(), allowInsecureHttp);
        else if (ScpLike().Match(source) is { Success: true } scp)
            (address, error) = ParseScp(source, scp);
        else if (source.Split('/')[0].Contains('@', StringComparison.Ordinal) && source.Split('/')[0].Contains(':', StringComparison.Ordinal))
            error = $"The pipelines source '{GitText.Redact(source)}' is not an SSH address: write user@host:path, or './' before the name of a directory.";
        else
            address = new GitAddress { Transport = GitTransport.Directory, Location = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source)) };
        return error is null && address is not null;
    }

    private static string? Check(string source)
    {
        if (string.IsNullOrWhiteSpace(source))
            return "The pipelines source is empty: give a directory or the URL of a git repository.";
        if (source.Any(char.IsControl))
            return "The pipelines source holds control characters: give a directory or the URL of a git repository.";
        if (source.StartsWith('-'))
            return $"The pipelines source '{GitText.Redact(source)}' starts with '-': write './' before the name of a directory.";
        return RemoteHelper().IsMatch(source)
            ? $"The pipelines source '{GitText.Redact(source)}' names a git remote helper, which is not allowed: use file, ssh or https."
            : null;
    }

    private static (GitAddress?, string?) ParseUrl(string source, string scheme, bool allowInsecureHttp)
    {
        var shown = GitText.Redact(source);
        if (!Uri.TryCreate(source, UriKind.Absolute, out var uri))
            return (null, $"The pipelines source '{shown}' is not a URL: write it as scheme://host/path.");
        switch (scheme)
        {
            case "file":
                return uri.Host.Length > 0
                    ? (null, $"The pipelines source '{shown}' names a host: write file:/// and an absolute path.")
                    : (new GitAddress { Transport = GitTransport.File, Location = "file://" + source["file://".Length..] }, null);
            case "ssh":
                return ParseSsh(source, shown, uri);
            case "https":
            case "http":
                return ParseHttp(shown, uri, allowInsecureHttp);
            default:
                return (null, $"The pipelines source '{shown}' has the scheme '{scheme}', which is not allowed: use file, ssh or https.");
        }
    }

    private static (GitAddress?, string?) ParseSsh(string source, string shown, Uri uri)
    {
        if (uri.UserInfo.Contains(':', StringComparison.Ordinal))
            return (null, $"The pipelines source '{shown}' holds a password, which SSH does not take from a URL: use a key file.");
        return !SafeHost().IsMatch(uri.Host) || (uri.UserInfo.Length > 0 && !SafeUser().IsMatch(uri.UserInfo)) || uri.AbsolutePath.Length < 2
            ? (null, $"The pipelines source '{shown}' is not an SSH address: write ssh://user@host[:port]/path.")
            : (new GitAddress { Transport = GitTransport.Ssh, Location = source }, null);
    }

    private static (GitAddress?, string?) ParseHttp(string shown, Uri uri, bool allowInsecureHttp)
    {
        if (uri.Scheme == "http" && !allowInsecureHttp && !uri.IsLoopback)
            return (null, $"The pipelines source '{shown}' is not encrypted: use https, or allow http by its setting.");
        if (uri.Host.Length == 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            return (null, $"The pipelines source '{shown}' is not a repository's address: write https://host/path without '?' and '#'.");
        var parts = uri.UserInfo.Split(':', 2);
        var user = Uri.UnescapeDataString(parts[0]);
        var password = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : null;
        if (user.Any(char.IsControl) || password?.Any(char.IsControl) == true)
            return (null, $"The pipelines source '{shown}' has control characters in its user or password.");
        var origin = uri.GetLeftPart(UriPartial.Scheme) + uri.Authority;
        return (new GitAddress
        {
            Transport = GitTransport.Http,
            Location = origin + uri.AbsolutePath,
            Origin = origin,
            Credential = user.Length == 0 && password is null ? null : new NetworkCredential(user, password ?? ""),
        }, null);
    }

    private static (GitAddress?, string?) ParseScp(string source, Match scp)
    {
        var path = scp.Groups["path"].Value;
        return path.StartsWith('-')
            ? (null, $"The pipelines source '{source}' has a path that starts with '-': write user@host:./path.")
            : (new GitAddress { Transport = GitTransport.Ssh, Location = source }, null);
    }

    [GeneratedRegex(@"\A([A-Za-z][A-Za-z0-9+.-]*)://")]
    private static partial Regex Scheme();

    // Git hands "NAME::rest" to the program git-remote-NAME, "ext::" to any program at all.
    [GeneratedRegex(@"\A[A-Za-z0-9+.-]+::")]
    private static partial Regex RemoteHelper();

    [GeneratedRegex(@"\A([A-Za-z0-9_.][A-Za-z0-9_.-]*@)?([A-Za-z0-9_.][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\]):(?<path>[^:].*)\z")]
    private static partial Regex ScpLike();

    [GeneratedRegex(@"\A([A-Za-z0-9_.][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])\z")]
    private static partial Regex SafeHost();

    [GeneratedRegex(@"\A[A-Za-z0-9_.][A-Za-z0-9_.-]*\z")]
    private static partial Regex SafeUser();
}

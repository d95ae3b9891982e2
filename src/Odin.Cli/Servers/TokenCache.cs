using System.Globalization;
using System.Text.RegularExpressions;

namespace Odin.Cli.Servers;

/// <summary>The token of one server in a file of its own: the bare text, without a newline, as the original client keeps it.</summary>
/// <param name="isNamed">Whether the person named the file: it is touched only if it holds a token or nothing.</param>
internal sealed partial class TokenCache(string file, bool isNamed = false)
{
    private const int LongestToken = 64 * 1024;

    // A token of our own server is not for whoever listens on its port when it is gone.
    private const string LocalSuffix = "_local";

    public string FileName { get; } = file;

    /// <summary>The file given on the command line, or the one for this server below the configuration directory.</summary>
    public static TokenCache For(CliEnvironment environment, Connection server, string? file) =>
        file is not null
            ? new TokenCache(file, isNamed: true)
            : new TokenCache(Below(environment, server.Local is null ? NameFor(server.Url) : NameFor(server.Url) + LocalSuffix));

    /// <summary>The file for a server elsewhere.</summary>
    public static TokenCache For(CliEnvironment environment, Uri server) => new(Below(environment, NameFor(server)));

    private static string Below(CliEnvironment environment, string name) => Path.Combine(environment.ConfigDirectory, "tokens", name);

    /// <summary>The token; null when there is none.</summary>
    /// <exception cref="CliException">The person named a file that holds something else.</exception>
    public string? Read()
    {
        var file = new FileInfo(FileName);
        if (!file.Exists)
            return null;
        var text = file.Length > LongestToken ? null : File.ReadAllText(FileName).Trim();
        if (text is { Length: 0 })
            return null;
        if (isNamed && (text is null || !Token().IsMatch(text)))
            throw new CliException(ExitCode.Usage, $"'{FileName}' holds no token", "Name the file that `odin auth --token FILE` has written, or one that does not exist yet.");
        return text is not null && IsHeaderText(text) ? text : null;
    }

    public void Write(string token)
    {
        EnsureReplaceable();
        PrivateFile.Write(FileName, token);
    }

    public void Delete()
    {
        EnsureReplaceable();
        // Deleting is no error when the file is missing, but it is when its directory is.
        if (File.Exists(FileName))
            File.Delete(FileName);
    }

    /// <summary>Whether a text can stand in the header of a request.</summary>
    public static bool IsHeaderText(string text) => text.Length > 0 && text.All(c => c is > ' ' and <= '~');

    // A name typed wrong must not cost anybody a file.
    private void EnsureReplaceable()
    {
        if (isNamed)
            Read();
    }

    // Three parts in base64url: all that a server of this kind has ever given.
    [GeneratedRegex(@"\A[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\z")]
    private static partial Regex Token();

    // Host, port and path: tokens of one server are good for its WebSocket scheme too, when that shares the port.
    private static string NameFor(Uri server)
    {
        var path = server.AbsolutePath.Trim('/').Replace('/', '_');
        var name = string.Create(CultureInfo.InvariantCulture, $"{server.Host}_{server.Port}");
        return string.Concat((path.Length == 0 ? name : $"{name}_{path}").Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_'));
    }
}

using System.Globalization;

namespace Odin.Cli.Servers;

/// <summary>The token of one server in a file of its own: the bare text, without a newline, as the original client keeps it.</summary>
internal sealed class TokenCache(string file)
{
    // A token of our own server is not for whoever listens on its port when it is gone.
    private const string LocalSuffix = "_local";

    public string FileName { get; } = file;

    /// <summary>The file given on the command line, or the one for this server below the configuration directory.</summary>
    public static TokenCache For(CliEnvironment environment, Connection server, string? file) =>
        new(file ?? Below(environment, server.Local is null ? NameFor(server.Url) : NameFor(server.Url) + LocalSuffix));

    /// <summary>The file for a server elsewhere.</summary>
    public static TokenCache For(CliEnvironment environment, Uri server) => new(Below(environment, NameFor(server)));

    private static string Below(CliEnvironment environment, string name) => Path.Combine(environment.ConfigDirectory, "tokens", name);

    public string? Read() => File.Exists(FileName) && File.ReadAllText(FileName).Trim() is { Length: > 0 } token ? token : null;

    public void Write(string token) => PrivateFile.Write(FileName, token);

    public void Delete()
    {
        // Deleting is no error when the file is missing, but it is when its directory is.
        if (File.Exists(FileName))
            File.Delete(FileName);
    }

    // Host, port and path: tokens of one server are good for its WebSocket scheme too, when that shares the port.
    private static string NameFor(Uri server)
    {
        var path = server.AbsolutePath.Trim('/').Replace('/', '_');
        var name = string.Create(CultureInfo.InvariantCulture, $"{server.Host}_{server.Port}");
        return string.Concat((path.Length == 0 ? name : $"{name}_{path}").Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '_'));
    }
}

using System.Globalization;

namespace Odin.Cli.Servers;

/// <summary>Decides which server is meant: flags, then environment, then context, then the local server, then the default port.</summary>
/// <param name="stockAlias">Under an old name, an address given in parts is <c>https</c> unless it says otherwise.</param>
internal sealed class ConnectionResolver(CliEnvironment environment, bool stockAlias)
{
    public const int DefaultPort = 9003;
    public const int DefaultWebSocketPort = 30000;

    public Connection Resolve(ConnectionFlags flags)
    {
        var local = LocalServer.Find(environment.DataDirectory);
        var configuration = CliConfiguration.Load(environment.ConfigDirectory);
        var connection = Explicit(flags, configuration) ?? Pieces(flags, Implicit(configuration, local), local);
        return connection with { Local = local is not null && local.IsAt(connection.Url) ? local : null };
    }

    // A whole address on the command line, or a context named there; single parts may still change it.
    private static Connection? Explicit(ConnectionFlags flags, CliConfiguration configuration)
    {
        if (flags.Url is { } url)
            return new Connection(Adjust(Parse(url, "--url"), flags), "--url", null, null);
        if (flags.Context is not { } name)
            return null;
        var context = configuration.Find(name)
            ?? throw new CliException(ExitCode.NotFound, $"there is no context '{name}'", "`odin context list` shows those there are.");
        return new Connection(Adjust(context.Url, flags), $"context '{name}'", context.Username, null);
    }

    private Connection Pieces(ConnectionFlags flags, Connection fallback, LocalServer? local)
    {
        var fromEnvironment = environment["ODIN_URL"];
        var host = flags.Host ?? fromEnvironment;
        var port = flags.Port ?? EnvironmentPort();
        var scheme = flags.Scheme ?? environment["ODIN_SCHEME"];
        if (host is null && port is null && scheme is null)
            return fallback;
        var source = flags.Host is not null || flags.Port is not null || flags.Scheme is not null ? "the command line" : "the environment";
        if (flags.Host is null && fromEnvironment is not null && fromEnvironment.Contains("://", StringComparison.Ordinal))
        {
            var whole = Parse(fromEnvironment, "ODIN_URL");
            return new Connection(Adjust(whole, flags), "ODIN_URL", null, null);
        }
        scheme ??= host is not null || stockAlias ? DefaultScheme(host) : fallback.Url.Scheme;
        var isWebSocket = scheme is "ws" or "wss";
        port ??= isWebSocket ? local?.WebSocketPort ?? DefaultWebSocketPort
            : host is null ? fallback.Url.Port
            : DefaultPort;
        var address = Built(new UriBuilder(scheme, host ?? fallback.Url.Host, port.Value), source);
        return new Connection(address, source, host is null ? fallback.Username : null, null);
    }

    private Connection Implicit(CliConfiguration configuration, LocalServer? local)
    {
        if (configuration.Current is { } name && configuration.Find(name) is { } context)
            return new Connection(context.Url, $"context '{name}'", context.Username, null);
        return local is not null
            ? new Connection(Slash(local.Url), $"the local server's description in '{local.DataDirectory}'", null, null)
            : new Connection(new Uri($"http://127.0.0.1:{DefaultPort}/"), DefaultSource(), null, null);
    }

    private string DefaultSource() => environment["ODIN_DATA"] is { } data
        ? $"the default, as no server runs on ODIN_DATA='{data}'"
        : "the default";

    private string DefaultScheme(string? host) =>
        !stockAlias && host is "localhost" or "127.0.0.1" or "::1" or "[::1]" ? "http" : "https";

    private int? EnvironmentPort()
    {
        if (environment["ODIN_PORT"] is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? port
            : throw new CliException(ExitCode.Usage, $"ODIN_PORT is '{text}', which is not a port number", "Give a number from 1 to 65535.");
    }

    /// <summary>A full address, or a bare host name, which gets the default port.</summary>
    public static Uri Parse(string text, string source)
    {
        // Without a scheme it is a host, perhaps with a port: a slash would make one out of a scheme that is written wrong.
        var isBare = !text.Contains("://", StringComparison.Ordinal);
        var whole = !isBare ? text : text.Contains(':', StringComparison.Ordinal) ? $"http://{text}" : $"http://{text}:{DefaultPort}";
        if (isBare && text.Contains('/', StringComparison.Ordinal) || !Uri.TryCreate(whole, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https" or "ws" or "wss"))
        {
            throw new CliException(
                ExitCode.Usage, $"'{text}' (from {source}) is not an address of a server", "Write it as http://HOST:PORT or https://HOST.");
        }
        return Slash(url);
    }

    private static Uri Adjust(Uri url, ConnectionFlags flags)
    {
        if (flags.Host is null && flags.Port is null && flags.Scheme is null)
            return url;
        var builder = new UriBuilder(url);
        builder.Scheme = flags.Scheme ?? builder.Scheme;
        builder.Host = flags.Host ?? builder.Host;
        builder.Port = flags.Port ?? (flags.Scheme is "ws" or "wss" && url.Scheme is "http" or "https" ? DefaultWebSocketPort : url.Port);
        return Slash(Built(builder, "the command line"));
    }

    private static Uri Built(UriBuilder builder, string source)
    {
        try
        {
            return builder.Uri;
        }
        catch (UriFormatException)
        {
            throw new CliException(ExitCode.Usage, $"'{builder.Host}' (from {source}) is not the name of a host", "Write it as --host odin.example.org, or give --url.");
        }
    }

    private static Uri Slash(Uri url) =>
        url.AbsolutePath.EndsWith('/') ? url : new UriBuilder(url) { Path = url.AbsolutePath + "/" }.Uri;
}

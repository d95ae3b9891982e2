using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Servers;

/// <summary>A server of this user on this machine, as it describes itself in <c>server.json</c> in its data directory.</summary>
/// <param name="WebSocketPort">Null when it has no port of its own for WebSockets.</param>
internal sealed record LocalServer(Uri Url, int? WebSocketPort, int? ProcessId, string DataDirectory)
{
    private const string Description = "server.json", Password = "admin-password";

    /// <summary>The server that says it runs on this directory; null when there is none, or its process has gone.</summary>
    public static LocalServer? Find(string dataDirectory)
    {
        try
        {
            var file = Path.Combine(dataDirectory, Description);
            if (!File.Exists(file) || JsonNode.Parse(File.ReadAllText(file)) is not JsonObject description)
                return null;
            var url = Text(description["url"]) ?? Text((description["urls"] as JsonArray)?.FirstOrDefault());
            if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed))
                return null;
            var server = new LocalServer(
                Reachable(parsed), WebSocketPortOf(description), Number(description["pid"]), dataDirectory);
            return server.IsAlive ? server : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            // Somebody else's or a half-written description is as good as none.
            return null;
        }
    }

    /// <summary>The password that the server made for its first user; null when it is not for us to read.</summary>
    public string? AdminPassword()
    {
        try
        {
            var file = Path.Combine(DataDirectory, Password);
            return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The user who runs it: whose is the password of its first user can read it anyhow. Null: not known.</summary>
    public uint? Owner() => FileOwner.Of(Path.Combine(DataDirectory, Password)) ?? FileOwner.Of(Path.Combine(DataDirectory, Description));

    /// <summary>Whether an address is this server's: the password goes nowhere else. Who listens there is another question.</summary>
    public bool IsAt(Uri address) => address.IsLoopback && address.Port == Url.Port;

    // The number may belong to another program by now: see LoopbackListeners.
    private bool IsAlive => ProcessId is not { } pid || !OperatingSystem.IsLinux()
        || Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}"));

    // A server that listens on every address is reached on the loopback one.
    private static Uri Reachable(Uri url) => url.Host is "0.0.0.0" or "[::]" or "+" or "*"
        ? new UriBuilder(url) { Host = "127.0.0.1" }.Uri
        : url;

    private static int? WebSocketPortOf(JsonObject description) =>
        Number(description["webSocketPort"]) ?? Number(description["websocketPort"])
        ?? (Uri.TryCreate(Text(description["webSocketUrl"]) ?? Text(description["websocketUrl"]), UriKind.Absolute, out var url)
            ? url.Port
            : null);

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static int? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;
}

namespace Odin.Cli.Servers;

/// <summary>A server to talk to.</summary>
/// <param name="Url">Scheme <c>http</c>, <c>https</c>, <c>ws</c> or <c>wss</c>; ends in a slash.</param>
/// <param name="Source">Where the address came from, for messages: <c>--url</c>, <c>ODIN_URL</c>, <c>context 'lab'</c>.</param>
/// <param name="Username">Who logs in, as the context says; null: the login name.</param>
/// <param name="Local">The server's own description, when it is the one on this machine.</param>
internal sealed record Connection(Uri Url, string Source, string? Username, LocalServer? Local)
{
    public bool IsWebSocket => Url.Scheme is "ws" or "wss";

    /// <summary>For messages, without the last slash.</summary>
    public string Display => Url.AbsoluteUri.TrimEnd('/');
}

namespace Odin.Server.Auth;

/// <summary>Settings of access.</summary>
internal sealed class AccessOptions
{
    public AnonymousAccess Anonymous { get; set; }

    /// <summary>Host names, beside the loopback ones, under which a browser on this machine may reach the server.</summary>
    public IReadOnlyList<string> Hosts { get; set; } = [];

    /// <summary>Origins (<c>https://ui.example.org</c>) of other web pages that may use the API. Empty: none, and no CORS.</summary>
    public IReadOnlyList<string> Origins { get; set; } = [];
}

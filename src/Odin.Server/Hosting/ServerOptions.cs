using System.Net;
using Odin.Server.Auth;
using Odin.Server.Gateway;
using Odin.Server.Lifecycle;
using Odin.Server.Nodes;
using Odin.Server.Registry;

namespace Odin.Server.Hosting;

/// <summary>What the server is to do, as read from its settings.</summary>
internal sealed record ServerOptions
{
    /// <summary>Which part of Odin this process is.</summary>
    public ServerRole Role { get; init; }

    public required string DataDirectory { get; init; }

    /// <summary>Where the API listens.</summary>
    public required IReadOnlyList<ServerAddress> Addresses { get; init; }

    /// <summary>The port of the inherited WebSocket protocol; null: none, 0: a free one.</summary>
    public int? WebSocketPort { get; init; } = 30000;

    public string? TlsCertificate { get; init; }

    public string? TlsKey { get; init; }

    public long MaxBodyBytes { get; init; } = 16 << 20;

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public AccessOptions Access { get; init; } = new();

    public RoleOptions Roles { get; init; } = new();

    public JwtOptions Jwt { get; init; } = new();

    /// <summary>The key of tokens as text; null: a random one in the data directory.</summary>
    public string? Secret { get; init; }

    public string AdminUser { get; init; } = "admin";

    /// <summary>Null: generated when there is no user yet.</summary>
    public string? AdminPassword { get; init; }

    /// <summary>The cluster that tasks may run on; null: there is none.</summary>
    public KubernetesSettings? Kubernetes { get; init; }

    public NodeOptions Nodes { get; init; } = new();

    public LifecycleOptions Lifecycle { get; init; } = new();

    public EmbeddedRegistryOptions Registry { get; init; } = new();

    public GatewayOptions Gateway { get; init; } = new();

    /// <summary>The settings of the engine.</summary>
    public Action<OdinOptions> Engine { get; init; } = _ => { };

    // It holds secrets.
    public override string ToString() => nameof(ServerOptions);
}

/// <summary>An address to listen on.</summary>
internal sealed record ServerAddress(bool IsHttps, IPAddress Host, int Port)
{
    public override string ToString() => $"{(IsHttps ? "https" : "http")}://{new IPEndPoint(Host, Port)}";

    /// <summary>Reads <c>http://HOST:PORT</c>, where the host is an IP address, <c>localhost</c>, or <c>*</c> for all addresses.</summary>
    public static ServerAddress? Parse(string text)
    {
        BindingAddress address;
        try
        {
            address = BindingAddress.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
        if (address.IsUnixPipe || address.PathBase.Length > 0 || address.Scheme is not ("http" or "https"))
            return null;
        var host = address.Host switch
        {
            "localhost" => IPAddress.Loopback,
            "*" or "+" or "0.0.0.0" => IPAddress.Any,
            var other => IPAddress.TryParse(other.Trim('[', ']'), out var ip) ? ip : null,
        };
        return host is null || address.Port is < 0 or > 65535 ? null : new ServerAddress(address.Scheme == "https", host, address.Port);
    }
}

namespace Odin.Server.Auth;

/// <summary>Who may use the server without a token.</summary>
internal enum AnonymousAccess
{
    /// <summary>Whoever connects to a loopback address, not through a proxy: reads, and the WebSocket port. The default.</summary>
    Loopback,

    /// <summary>Everybody: reads, and both WebSockets.</summary>
    Always,

    /// <summary>Nobody.</summary>
    Never,
}

/// <summary>What a request wants, as far as access goes.</summary>
internal enum AccessKind
{
    /// <summary>Open to all at all times: logging in, liveness.</summary>
    Public,

    Read,

    /// <summary>Always needs a token.</summary>
    Write,

    /// <summary>The WebSocket port of the inherited protocol, whose clients know no tokens.</summary>
    LegacySocket,

    /// <summary>The WebSocket of the main port.</summary>
    MainSocket,
}

/// <summary>What is known of a request that carries no token.</summary>
/// <param name="FromLoopback">The peer of the connection is this machine.</param>
/// <param name="Forwarded">It carries a header that a proxy adds, or is HTTP/1.0 as hardly any but proxies send it, so the peer is not the one who asks.</param>
/// <param name="KnownHost">The Host header names a loopback address or a configured host: not a rebound DNS name.</param>
/// <param name="SameOrigin">There is no Origin header, or it names this server or an allowed origin.</param>
internal readonly record struct AnonymousRequest(AccessKind Kind, bool FromLoopback, bool Forwarded, bool KnownHost, bool SameOrigin);

/// <summary>Decides whether a request without a token may pass.</summary>
internal static class AccessPolicy
{
    public static bool MayPass(AnonymousAccess mode, in AnonymousRequest request)
    {
        if (request.Kind == AccessKind.Public)
            return true;
        // A web page of another origin may open a WebSocket to us from the user's browser; the Origin header gives it away.
        var isSocket = request.Kind is AccessKind.LegacySocket or AccessKind.MainSocket;
        if (request.Kind == AccessKind.Write || (isSocket && !request.SameOrigin))
            return false;
        return mode switch
        {
            AnonymousAccess.Always => true,
            AnonymousAccess.Loopback => request.Kind != AccessKind.MainSocket
                && request is { FromLoopback: true, Forwarded: false, KnownHost: true, SameOrigin: true },
            _ => false,
        };
    }
}

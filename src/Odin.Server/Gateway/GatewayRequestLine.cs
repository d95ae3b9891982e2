using System.Text;

namespace Odin.Server.Gateway;

/// <summary>Tells by its first bytes whether a request may be for a model, before anybody has read it.</summary>
internal sealed class GatewayRequestLine(GatewayOptions options)
{
    private const int LongestMethod = 7;

    private readonly byte[][] prefixes = [.. new[] { GatewayMiddleware.ModelPrefix, options.CustomPrefix }.Where(p => p.Length > 0).Select(p => Encoding.ASCII.GetBytes(p + "/"))];

    /// <summary>No for all that is unclear: it is served just as well, only on another thread.</summary>
    public bool Begins(ReadOnlySpan<byte> bytes)
    {
        var method = bytes[..Math.Min(bytes.Length, LongestMethod + 1)].IndexOf((byte)' ');
        if (method < 0)
            return false;
        var path = bytes[(method + 1)..];
        foreach (var prefix in prefixes)
        {
            if (path.StartsWith(prefix))
                return true;
        }
        return false;
    }
}

using System.Globalization;

namespace Odin.Server.Lifecycle;

/// <summary>Times of the inherited API: RFC 3339 with as much of a fraction as there is.</summary>
internal static class WireTime
{
    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
}

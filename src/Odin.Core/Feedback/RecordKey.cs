using System.Globalization;
using System.Text;

namespace Odin.Feedback;

/// <summary>
/// Where records lie: <c>TAG/MODEL/VERSION/year=YYYY/month=MM/day=DD/YYYYMMDDHH_INDEX.json</c>, by the hour in which the request
/// arrived, UTC. The index orders objects of an hour by when they were begun and is never used twice, by any server.
/// </summary>
internal static class RecordKey
{
    private const int LongestName = 120, HourLength = 10;
    private const string HourFormat = "yyyyMMddHH";

    /// <summary>All but the index: what records of one object have in common.</summary>
    public static string Partition(string tag, string model, string version, DateTimeOffset time) => string.Create(
        CultureInfo.InvariantCulture, $"{Folder(tag, model, version)}{Day(time)}{time.UtcDateTime.ToString(HourFormat, CultureInfo.InvariantCulture)}");

    public static string Name(string partition, string index) => $"{partition}_{index}.json";

    /// <summary>With a slash at its end.</summary>
    public static string Folder(string tag, string model, string version) => $"{tag}/{Safe(model)}/{Safe(version)}/";

    /// <summary>The folder of a day, with a slash at its end.</summary>
    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("'year='yyyy'/month='MM'/day='dd'/'", CultureInfo.InvariantCulture);

    /// <summary>A new index.</summary>
    public static string NewIndex(DateTimeOffset time) => Guid.CreateVersion7(time).ToString("N");

    /// <summary>The hour that the name of an object says; null: it is none of ours, nor of the inherited system.</summary>
    public static DateTimeOffset? HourOf(string key)
    {
        var name = key.AsSpan(key.LastIndexOf('/') + 1);
        return name.Length > HourLength && name[HourLength] == '_' && name.EndsWith(".json", StringComparison.Ordinal)
            && DateTimeOffset.TryParseExact(name[..HourLength], HourFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var hour)
            ? hour
            : null;
    }

    /// <summary>
    /// The name of a model or version as one part of a key. Names as models have them stay as they are; of others, which
    /// anybody may write into a header, the bytes are written as %XX. What is very long ends in a checksum.
    /// </summary>
    public static string Safe(string name)
    {
        if (name.Length == 0)
            return "%";
        var safe = new StringBuilder(name.Length);
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            var c = (char)value;
            // A dot in front would hide a file, or lead out of the folder.
            if (char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '+' or '@' || (c == '.' && safe.Length > 0))
                safe.Append(c);
            else
                safe.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }
        return safe.Length <= LongestName
            ? safe.ToString()
            : $"{safe.ToString(0, LongestName)}%{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8))}";
    }
}

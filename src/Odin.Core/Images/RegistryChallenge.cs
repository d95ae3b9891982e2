using System.Text.RegularExpressions;

namespace Odin.Images;

/// <summary>What a registry wants to know who asks: a header <c>WWW-Authenticate</c>.</summary>
/// <param name="Scheme"><c>basic</c> or <c>bearer</c>.</param>
internal sealed partial record RegistryChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>The best of those that are understood; null: there is none.</summary>
    public static RegistryChallenge? Choose(IEnumerable<string> headers)
    {
        var all = headers.SelectMany(Parse).ToList();
        return all.Find(c => c.Scheme == "bearer" && c.Parameters.ContainsKey("realm")) ?? all.Find(c => c.Scheme == "basic");
    }

    private static IEnumerable<RegistryChallenge> Parse(string header)
    {
        Dictionary<string, string>? parameters = null;
        foreach (Match match in Part().Matches(header))
        {
            if (match.Groups["scheme"].Success)
            {
                parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                yield return new RegistryChallenge(match.Groups["scheme"].Value.ToLowerInvariant(), parameters);
            }
            else if (parameters is not null)
            {
                var value = match.Groups["quoted"].Success ? Escape().Replace(match.Groups["quoted"].Value, "$1") : match.Groups["plain"].Value;
                parameters.TryAdd(match.Groups["name"].Value, value);
            }
        }
    }

    [GeneratedRegex("""(?<name>[A-Za-z0-9_-]+)\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s,"]+))|(?<scheme>[A-Za-z][A-Za-z0-9_-]*)(?=\s|,|$)""", RegexOptions.None, 1000)]
    private static partial Regex Part();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escape();
}

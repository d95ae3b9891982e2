using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Odin.Packagings;

/// <summary>A package that an environment asks for.</summary>
/// <param name="IsPip">From PyPI rather than from conda.</param>
/// <param name="Version">Null: none in particular, or more than one would do.</param>
/// <param name="Text">As it was written.</param>
internal sealed partial record WantedPackage(bool IsPip, string Name, string? Version, string Text)
{
    /// <summary>Reads an entry of <c>dependencies</c> in a <c>conda.yaml</c>: a line, or the list of pip.</summary>
    public static IEnumerable<WantedPackage> Read(JsonNode? entry) => entry switch
    {
        JsonObject map when map["pip"] is JsonArray lines => lines.Select(l => Read(l, isPip: true)).OfType<WantedPackage>(),
        _ => Read(entry, isPip: false) is { } one ? [one] : [],
    };

    private static WantedPackage? Read(JsonNode? line, bool isPip)
    {
        if (line is not JsonValue value || value.GetValueKind() != JsonValueKind.String)
            return null;
        var text = value.GetValue<string>();
        var match = Line().Match(text);
        return match.Success ? new WantedPackage(isPip, match.Groups["name"].Value, match.Groups["version"] is { Success: true } version ? version.Value : null, text) : null;
    }

    // "name", "name=1.2=build", "name==1.2 ; marker", "channel::name=1.2"; of a range only the name.
    [GeneratedRegex(@"\A\s*(?:[A-Za-z0-9._/-]+::)?(?<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:={1,2}\s*(?<version>[A-Za-z0-9.+!_-]+)(?:=\S*)?\s*(?:;.*)?\z)?", RegexOptions.ExplicitCapture)]
    private static partial Regex Line();
}

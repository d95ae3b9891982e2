using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Odin.Chores;

/// <summary>Text with <c>${name}</c>, filled from a record.</summary>
internal static partial class RecordTemplate
{
    /// <summary>
    /// Replaces <c>$name</c> and <c>${name.path}</c> by the members of the record, null by nothing, lists and maps by JSON;
    /// <c>$$</c> is a dollar.
    /// </summary>
    public static string Fill(string template, JsonObject record) => Placeholder().Replace(template, match =>
    {
        if (match.Value == "$$")
            return "$";
        var path = match.Groups[1].Value;
        if (path.Length == 0)
            throw new ChoreException($"The template has a \"$\" without a name at position {match.Index + 1}; write \"$$\" for a dollar.");
        if (!record.ContainsKey(path.Split('.', 2)[0]))
            throw new ChoreException($"The template asks for \"{path}\", which the record does not have; it has {string.Join(", ", record.Select(entry => entry.Key))}.");
        return ChoreWiring.Find(record, path) switch
        {
            null => "",
            JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>(),
            var other => other.ToJsonString(),
        };
    });

    [GeneratedRegex(@"\$(?:\$|\{(?<1>[A-Za-z_][\w-]*(?:\.[\w-]+)*)\}|(?<1>[A-Za-z_]\w*))?")]
    private static partial Regex Placeholder();
}

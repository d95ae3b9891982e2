using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Odin.Packagings;

/// <summary>
/// Checks the arguments of a packaging against those that its integration takes: the keywords of JSON schema for single values.
/// The words are those of the inherited API's library. Keywords that say nothing about validity (<c>description</c>,
/// <c>default</c>) are let be, and so are those that are not known here.
/// </summary>
public static class ArgumentSchema
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "null", "object", "string"];
    private static readonly TimeSpan PatternPatience = TimeSpan.FromMilliseconds(200);

    /// <summary>What is wrong with the schema itself; null: nothing.</summary>
    public static string? Find(ArgumentRules? rules)
    {
        foreach (var parameter in rules?.Properties.SelectMany(p => p.Parameters) ?? [])
        {
            switch (parameter.Name)
            {
                case "type" when TypesOf(parameter.Value) is not { } given || given.Any(t => !Types.Contains(t)):
                    return $"has a primitive type that is NOT VALID -- given: /{Text(parameter.Value)}/ Expected valid values are:[{string.Join(' ', Types)}]";
                case "enum" when parameter.Value is not JsonArray { Count: > 0 }:
                    return "enum must be a list that is not empty";
                case "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "minLength" or "maxLength" when Number(parameter.Value) is null:
                    return $"{parameter.Name} must be a number";
                case "pattern" when !IsPattern(parameter.Value):
                    return "pattern must be a valid regular expression";
            }
        }
        return null;
    }

    /// <summary>Everything that is wrong with the arguments, in an order that does not change.</summary>
    public static IReadOnlyList<string> Check(ArgumentRules? rules, JsonObject arguments)
    {
        var errors = new List<string>();
        var known = new Dictionary<string, ArgumentRule>(StringComparer.Ordinal);
        // Of two with one name the last one counts.
        foreach (var rule in rules?.Properties ?? [])
            known[rule.Name] = rule;
        foreach (var name in rules?.Required ?? [])
        {
            if (!arguments.ContainsKey(name))
                errors.Add($"(root): {name} is required");
        }
        foreach (var (name, _) in arguments)
        {
            if (!known.ContainsKey(name))
                errors.Add($"(root): Additional property {name} is not allowed");
        }
        foreach (var rule in known.Values)
        {
            if (arguments.TryGetPropertyValue(rule.Name, out var value))
                errors.AddRange(rule.Parameters.Select(p => Check(p, value)).OfType<string>().Select(wrong => $"{rule.Name}: {wrong}"));
        }
        return errors;
    }

    /// <summary>The arguments with the defaults of those that were not given.</summary>
    public static JsonObject WithDefaults(ArgumentRules? rules, JsonObject arguments)
    {
        var all = new JsonObject();
        foreach (var rule in rules?.Properties ?? [])
        {
            if (rule.Parameters.LastOrDefault(p => p.Name == "default") is { } given)
                all[rule.Name] = given.Value?.DeepClone();
        }
        foreach (var (name, value) in arguments)
            all[name] = value?.DeepClone();
        return all;
    }

    private static string? Check(ArgumentParameter rule, JsonNode? value) => rule.Name switch
    {
        "type" => CheckType(TypesOf(rule.Value) ?? [], value),
        "enum" when rule.Value is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)) =>
            $"{rule.Value} must be one of the following: {string.Join(", ", allowed.Select(a => a?.ToJsonString() ?? "null"))}",
        "minimum" when Number(value) < Number(rule.Value) => $"Must be greater than or equal to {Text(rule.Value)}",
        "maximum" when Number(value) > Number(rule.Value) => $"Must be less than or equal to {Text(rule.Value)}",
        "exclusiveMinimum" when Number(value) <= Number(rule.Value) => $"Must be greater than {Text(rule.Value)}",
        "exclusiveMaximum" when Number(value) >= Number(rule.Value) => $"Must be less than {Text(rule.Value)}",
        "minLength" when Length(value) < Number(rule.Value) => $"String length must be greater than or equal to {Text(rule.Value)}",
        "maxLength" when Length(value) > Number(rule.Value) => $"String length must be less than or equal to {Text(rule.Value)}",
        "pattern" when value?.GetValueKind() == JsonValueKind.String && !Matches(Text(rule.Value), Text(value)) => $"Does not match pattern '{Text(rule.Value)}'",
        _ => null,
    };

    private static string? CheckType(IReadOnlyList<string> expected, JsonNode? value)
    {
        var given = value?.GetValueKind() switch
        {
            null or JsonValueKind.Null => "null",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            _ when Number(value) is { } number && number == Math.Truncate(number) => "integer",
            _ => "number",
        };
        return expected.Contains(given) || (given == "integer" && expected.Contains("number"))
            ? null
            : $"Invalid type. Expected: {string.Join('/', expected)}, given: {given}";
    }

    private static List<string>? TypesOf(JsonNode? value) => value switch
    {
        JsonValue when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        JsonArray list when list.All(t => t?.GetValueKind() == JsonValueKind.String) => [.. list.Select(t => t!.GetValue<string>())],
        _ => null,
    };

    private static decimal? Number(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.Number && decimal.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static int? Length(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.String ? new StringInfo(value.GetValue<string>()).LengthInTextElements : null;

    private static string Text(JsonNode? value) =>
        value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value?.ToJsonString() ?? "null";

    private static bool IsPattern(JsonNode? value)
    {
        try
        {
            return value?.GetValueKind() == JsonValueKind.String && Make(value.GetValue<string>()) is not null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static bool Matches(string pattern, string text) => Make(pattern).IsMatch(text);

    // Patterns are somebody's input: this engine takes time in proportion to the text, whatever the pattern.
    private static Regex Make(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternPatience);
}

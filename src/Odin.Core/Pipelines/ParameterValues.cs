using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Pipelines;

/// <summary>What values each parameter type takes, and how they look as text.</summary>
internal static class ParameterValues
{
    /// <summary>Every accepted spelling of a type.</summary>
    public static IReadOnlyDictionary<string, ParameterType> Types { get; } = new Dictionary<string, ParameterType>(StringComparer.Ordinal)
    {
        ["string"] = ParameterType.String,
        ["integer"] = ParameterType.Integer,
        ["number"] = ParameterType.Number,
        ["boolean"] = ParameterType.Boolean,
        ["list"] = ParameterType.List,
        ["map"] = ParameterType.Map,
        ["str"] = ParameterType.String,
        ["int"] = ParameterType.Integer,
        ["float"] = ParameterType.Number,
        ["bool"] = ParameterType.Boolean,
    };

    public static ParameterType Infer(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.Array => ParameterType.List,
        JsonValueKind.Object => ParameterType.Map,
        JsonValueKind.True or JsonValueKind.False => ParameterType.Boolean,
        JsonValueKind.Number => TryGetInteger(value, out _) && !value.ToJsonString().Contains('.', StringComparison.Ordinal) ? ParameterType.Integer : ParameterType.Number,
        _ => ParameterType.String,
    };

    /// <summary>The value in the form that its type is kept in; null when it is not of the type. A text is read as what it says.</summary>
    public static JsonNode? Coerce(JsonNode value, ParameterType type)
    {
        var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
        switch (type)
        {
            case ParameterType.String:
                return value.GetValueKind() is JsonValueKind.Array or JsonValueKind.Object ? null : JsonValue.Create(text ?? ToText(value));
            case ParameterType.Integer:
                if (text is not null)
                    return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) ? JsonValue.Create(parsed) : null;
                return TryGetInteger(value, out var integer) ? JsonValue.Create(integer) : null;
            case ParameterType.Number:
                return CoerceNumber(value, text);
            case ParameterType.Boolean:
                return value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? value.DeepClone() : text?.ToLowerInvariant() switch
                {
                    "true" or "yes" or "on" => JsonValue.Create(true),
                    "false" or "no" or "off" => JsonValue.Create(false),
                    _ => null,
                };
            default:
                var wanted = type == ParameterType.List ? JsonValueKind.Array : JsonValueKind.Object;
                var parsedValue = text is null ? value : ParseJson(text);
                return parsedValue?.GetValueKind() == wanted ? parsedValue.DeepClone() : null;
        }
    }

    /// <summary>As it is put in the place of <c>${name}</c>: a text as it is, everything else as JSON.</summary>
    public static string ToText(JsonNode value) => References.ToText(value);

    private static JsonValue? CoerceNumber(JsonNode value, string? text)
    {
        double number;
        if (text is not null)
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number))
                return null;
        }
        else if (value.GetValueKind() != JsonValueKind.Number || !double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number))
        {
            return null;
        }
        return double.IsFinite(number) ? JsonValue.Create(number) : null;
    }

    private static bool TryGetInteger(JsonNode value, out long integer)
    {
        integer = 0;
        if (value.GetValueKind() != JsonValueKind.Number)
            return false;
        var text = value.ToJsonString();
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out integer))
            return true;
        // 3.0 is what some JSON writers make of 3.
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || number != Math.Floor(number) || Math.Abs(number) > 1L << 53)
            return false;
        integer = (long)number;
        return true;
    }

    private static JsonNode? ParseJson(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

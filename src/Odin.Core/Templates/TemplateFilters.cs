using System.Globalization;

namespace Odin.Templates;

/// <summary>What comes after <c>|</c>.</summary>
internal sealed class TemplateFilters(TemplateBudget budget, TemplateOperators operators)
{
    private const string Known =
        "abs, capitalize, count, d, default, first, float, int, join, last, length, list, lower, max, min, replace, reverse, round, sort, string, sum, title, tojson, trim, unique, upper";

    public object? Apply(string name, object? value, TemplateArguments arguments)
    {
        budget.Spend(arguments.Position);
        var position = arguments.Position;
        switch (name)
        {
            case "default" or "d":
                var isMissing = value is Undefined || (!TemplateOperators.IsTrue(value) && TemplateOperators.IsTrue(arguments.Get(1, "boolean", false)));
                return isMissing ? arguments.Get(0, "default_value", "") : value;
            case "length" or "count":
                return value is string text ? text.Length : value is TemplateMap map ? map.Count : (long)ToList(value, position).Count;
            case "list":
                return Copy(value, position);
            case "first":
                return ToList(value, position) is [var first, ..] ? first : new Undefined("first");
            case "last":
                return ToList(value, position) is [.., var last] ? last : new Undefined("last");
            case "join":
                return Join(value, arguments);
            case "sort":
                return Sort(value, arguments);
            case "reverse":
                return value is string letters ? string.Concat(Copy(letters, position).AsEnumerable().Reverse()) : Copy(value, position).AsEnumerable().Reverse().ToList();
            case "unique":
                return Unique(value, position);
            case "min" or "max":
                var ordered = Ordered(value, position);
                return ordered.Count == 0 ? new Undefined(name) : name == "min" ? ordered[0] : ordered[^1];
            case "sum":
                return Copy(value, position).Aggregate((object?)0L, (sum, item) => operators.Apply("+", sum, item, position));
            case "tojson":
                return PythonText.ToJson(value, budget, position);
            case "int" or "float" or "abs" or "round":
                return ApplyToNumber(name, value, arguments);
            default:
                return ApplyToText(name, PythonText.Print(value, budget, position), arguments);
        }
    }

    /// <summary>What a loop goes over: the items of a list, the keys of a map, the letters of a text; nothing for what is undefined.</summary>
    public static List<object?> ToList(object? value, TemplatePosition position) => value switch
    {
        List<object?> list => list,
        TemplateMap map => [.. map.Keys],
        string text => [.. text.Select(c => c.ToString())],
        Undefined => [],
        _ => throw new TemplateException(position, $"{TemplateOperators.Describe(value)} has no items; give a list, a map or a text."),
    };

    public static string Replace(string text, TemplateArguments arguments, TemplateBudget budget)
    {
        var old = arguments.Text(0, "old", "");
        var replacement = arguments.Text(1, "new", "");
        if (old.Length == 0)
            throw new TemplateException(arguments.Position, "replace needs a text to look for.");
        var parts = text.Split(old);
        budget.CheckLength(arguments.Position, text.Length + (long)(parts.Length - 1) * replacement.Length);
        var count = arguments.Get(2, "count", null) is long limit && limit >= 0 && limit < parts.Length - 1 ? (int)limit : parts.Length - 1;
        return string.Join(replacement, parts[..(count + 1)]) + string.Concat(parts[(count + 1)..].Select(part => old + part));
    }

    private List<object?> Copy(object? value, TemplatePosition position)
    {
        if (value is string text)
            budget.Spend(position, text.Length);
        var items = ToList(value, position);
        budget.Spend(position, items.Count);
        return [.. items];
    }

    private string Join(object? value, TemplateArguments arguments)
    {
        var separator = PythonText.Print(arguments.Get(0, "d", ""), budget, arguments.Position);
        var attribute = arguments.Get(1, "attribute", null);
        var texts = new List<string>();
        var length = 0L;
        foreach (var item in Copy(value, arguments.Position))
        {
            var text = PythonText.Print(attribute is null ? item : TemplateMethods.Member(item, attribute, arguments.Position), budget, arguments.Position);
            length += text.Length + separator.Length;
            budget.CheckLength(arguments.Position, length > budget.MaxOutput ? length : text.Length);
            texts.Add(text);
        }
        return string.Join(separator, texts);
    }

    private List<object?> Sort(object? value, TemplateArguments arguments)
    {
        var attribute = arguments.Get(2, "attribute", null);
        var isCaseSensitive = TemplateOperators.IsTrue(arguments.Get(1, "case_sensitive", false));
        var keyed = Copy(value, arguments.Position).Select(item => (Key: SortKey(item), Item: item));
        var comparer = Comparer<object?>.Create((a, b) => operators.Order(a, b, arguments.Position));
        var sorted = TemplateOperators.IsTrue(arguments.Get(0, "reverse", false)) ? keyed.OrderByDescending(pair => pair.Key, comparer) : keyed.OrderBy(pair => pair.Key, comparer);
        return [.. sorted.Select(pair => pair.Item)];

        object? SortKey(object? item)
        {
            var key = attribute is null ? item : TemplateMethods.Member(item, attribute, arguments.Position);
            return key is string text && !isCaseSensitive ? text.ToLowerInvariant() : key;
        }
    }

    private List<object?> Ordered(object? value, TemplatePosition position) =>
        [.. Copy(value, position).OrderBy(item => item, Comparer<object?>.Create((a, b) => operators.Order(a, b, position)))];

    private List<object?> Unique(object? value, TemplatePosition position)
    {
        var result = new List<object?>();
        foreach (var item in Copy(value, position))
        {
            if (!result.Exists(other => operators.AreEqual(item, other, 0, position)))
                result.Add(item);
        }
        return result;
    }

    private object? ApplyToNumber(string name, object? value, TemplateArguments arguments)
    {
        var number = value switch
        {
            long integer => integer,
            double real => real,
            bool boolean => boolean ? 1L : 0L,
            string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) => parsed,
            string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) => (object)parsed,
            _ => null,
        };
        if (name is "abs" or "round" && value is not (long or double))
            throw new TemplateException(arguments.Position, $"\"{name}\" works on a number, not on {TemplateOperators.Describe(value)}.");
        return (name, number) switch
        {
            ("int", long) => number,
            ("int", double real) when Math.Abs(real) < 9e18 => (long)real,
            ("int", _) => arguments.Get(0, "default", 0L),
            ("float", null) => arguments.Get(0, "default", 0.0),
            ("float", _) => Convert.ToDouble(number, CultureInfo.InvariantCulture),
            ("abs", long integer) => operators.Apply(integer < 0 ? "-" : "+", 0L, integer, arguments.Position),
            ("abs", double real) => Math.Abs(real),
            _ => Math.Round(Convert.ToDouble(number, CultureInfo.InvariantCulture), (int)Math.Clamp(arguments.Integer(0, "precision", 0), 0, 15)),
        };
    }

    private string ApplyToText(string name, string text, TemplateArguments arguments)
    {
        budget.CheckLength(arguments.Position, text.Length);
        return name switch
        {
            "lower" => text.ToLowerInvariant(),
            "upper" => text.ToUpperInvariant(),
            "trim" => text.Trim(),
            "string" => text,
            "replace" => Replace(text, arguments, budget),
            "capitalize" => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant(),
            "title" => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(text.ToLowerInvariant()),
            _ => throw new TemplateException(arguments.Position, $"There is no filter \"{name}\"; there are {Known}."),
        };
    }
}

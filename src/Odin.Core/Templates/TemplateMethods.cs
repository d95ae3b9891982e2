namespace Odin.Templates;

/// <summary>The evaluated arguments of a filter, method or function.</summary>
internal sealed record TemplateArguments(IReadOnlyList<(string? Name, object? Value)> Items, TemplatePosition Position)
{
    /// <summary>The argument at a position or of a name; the fallback when it is not given.</summary>
    public object? Get(int index, string name, object? fallback)
    {
        foreach (var item in Items)
        {
            if (item.Name == name)
                return item.Value;
        }
        return index < Items.Count && Items[index].Name is null ? Items[index].Value : fallback;
    }

    public string Text(int index, string name, string fallback) => Get(index, name, fallback) is string text
        ? text
        : throw new TemplateException(Position, $"The argument \"{name}\" must be a text.");

    public long Integer(int index, string name, long fallback) => Get(index, name, fallback) is long integer
        ? integer
        : throw new TemplateException(Position, $"The argument \"{name}\" must be a whole number.");
}

/// <summary>Members, slices, the methods of texts and maps, and <c>range</c>.</summary>
internal sealed class TemplateMethods(TemplateBudget budget)
{
    public static object? Member(object? target, object? key, TemplatePosition position)
    {
        switch (target)
        {
            case Undefined undefined:
                throw new TemplateException(position, $"\"{undefined.Name}\" is undefined, so it has no members; give it in the context, or test \"{undefined.Name} is defined\" first.");
            case TemplateMap map:
                var name = key as string ?? (key is long number ? number.ToString(System.Globalization.CultureInfo.InvariantCulture) : "");
                return map.TryGetValue(name, out var value) ? value : new Undefined(name);
            case List<object?> list when key is long index:
                index = index < 0 ? index + list.Count : index;
                return index >= 0 && index < list.Count ? list[(int)index] : new Undefined($"[{key}]");
            case string text when key is long index:
                index = index < 0 ? index + text.Length : index;
                return index >= 0 && index < text.Length ? text[(int)index].ToString() : new Undefined($"[{key}]");
            default:
                return new Undefined(key as string ?? "member");
        }
    }

    public object Slice(object? target, object? start, object? end, TemplatePosition position)
    {
        var length = target switch
        {
            string text => text.Length,
            List<object?> list => list.Count,
            _ => throw new TemplateException(position, $"A slice works on a text or a list, not on {TemplateOperators.Describe(target)}."),
        };
        var from = Bound(start, 0, length, position);
        var to = Math.Max(from, Bound(end, length, length, position));
        budget.Spend(position, to - from);
        return target is string whole ? whole[from..to] : ((List<object?>)target!)[from..to];
    }

    public object? Call(object? target, string name, TemplateArguments arguments)
    {
        budget.Spend(arguments.Position);
        if (target is Undefined undefined)
            throw new TemplateException(arguments.Position, $"\"{undefined.Name}\" is undefined, so it has no methods.");
        return target switch
        {
            string text => CallText(text, name, arguments),
            TemplateMap map => CallMap(map, name, arguments),
            _ => throw NoMethod(target, name, arguments),
        };
    }

    public List<object?> Range(TemplateArguments arguments)
    {
        var isSingle = arguments.Items.Count == 1;
        var start = isSingle ? 0 : arguments.Integer(0, "start", 0);
        var end = arguments.Integer(isSingle ? 0 : 1, "stop", 0);
        var step = arguments.Integer(2, "step", 1);
        if (step == 0 || arguments.Items.Count is 0 or > 3)
            throw new TemplateException(arguments.Position, "range takes an end, or a start, an end and a step that is not 0.");
        var result = new List<object?>();
        for (var i = (Int128)start; step > 0 ? i < end : i > end; i += step)
        {
            budget.Spend(arguments.Position);
            result.Add((long)i);
        }
        return result;
    }

    private object? CallText(string text, string name, TemplateArguments arguments)
    {
        budget.CheckLength(arguments.Position, text.Length);
        return name switch
        {
            "lower" => text.ToLowerInvariant(),
            "upper" => text.ToUpperInvariant(),
            "strip" => text.Trim(),
            "startswith" => text.StartsWith(arguments.Text(0, "prefix", ""), StringComparison.Ordinal),
            "endswith" => text.EndsWith(arguments.Text(0, "suffix", ""), StringComparison.Ordinal),
            "replace" => TemplateFilters.Replace(text, arguments, budget),
            "split" => Split(text, arguments),
            _ => throw NoMethod(text, name, arguments),
        };
    }

    private List<object?> Split(string text, TemplateArguments arguments)
    {
        var separator = arguments.Items.Count == 0 ? null : arguments.Text(0, "sep", " ");
        if (separator is { Length: 0 })
            throw new TemplateException(arguments.Position, "split needs a separator that is not empty.");
        var parts = separator is null ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : text.Split(separator);
        budget.Spend(arguments.Position, parts.Length);
        return [.. parts];
    }

    private object? CallMap(TemplateMap map, string name, TemplateArguments arguments)
    {
        budget.Spend(arguments.Position, map.Count);
        return name switch
        {
            "items" => map.Select(pair => (object?)new List<object?> { pair.Key, pair.Value }).ToList(),
            "keys" => map.Keys.Select(key => (object?)key).ToList(),
            "values" => map.Values.ToList(),
            "get" => map.TryGetValue(arguments.Text(0, "key", ""), out var value) ? value : arguments.Get(1, "default", null),
            _ => throw NoMethod(map, name, arguments),
        };
    }

    private static TemplateException NoMethod(object? target, string name, TemplateArguments arguments) => new(arguments.Position,
        $"There is no method \"{name}\" of {TemplateOperators.Describe(target)}; texts have lower, upper, strip, split, replace, startswith, endswith, maps have items, keys, values, get.");

    private static int Bound(object? value, int fallback, int length, TemplatePosition position) => value switch
    {
        null => fallback,
        long index => (int)Math.Clamp(index < 0 ? index + length : index, 0, length),
        _ => throw new TemplateException(position, "The bounds of a slice must be whole numbers."),
    };
}

/// <summary>What comes after <c>is</c>.</summary>
internal static class TemplateTests
{
    public static bool Apply(string name, object? value, TemplatePosition position) => name switch
    {
        "defined" => value is not Undefined,
        "undefined" => value is Undefined,
        "none" => value is null,
        "number" => value is long or double,
        "integer" => value is long,
        "float" => value is double,
        "string" => value is string,
        "boolean" => value is bool,
        "mapping" => value is TemplateMap,
        "sequence" or "iterable" => value is string or TemplateMap or List<object?>,
        "true" => value is true,
        "false" => value is false,
        "odd" => value is long number && number % 2 != 0,
        "even" => value is long number && number % 2 == 0,
        _ => throw new TemplateException(position, $"There is no test \"{name}\"; there are defined, undefined, none, number, integer, float, string, boolean, mapping, sequence, true, false, odd, even."),
    };
}

namespace Odin.Templates;

/// <summary>Truth, comparison and arithmetic by Python's rules. Integers that leave 64 bits are an error.</summary>
internal sealed class TemplateOperators(TemplateBudget budget)
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool boolean => boolean,
        long integer => integer != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateMap map => map.Count > 0,
        _ => true,
    };

    public static string Describe(object? value) => value switch
    {
        null => "None",
        Undefined undefined => $"the undefined \"{undefined.Name}\"",
        bool => "a boolean",
        long or double => "a number",
        string => "a text",
        TemplateMap => "a map",
        _ => "a list",
    };

    public object? Apply(string operation, object? left, object? right, TemplatePosition position)
    {
        budget.Spend(position);
        try
        {
            return (left, right) switch
            {
                (long a, long b) => Apply(operation, a, b, position),
                (long or double, long or double) => Apply(operation, Convert.ToDouble(left, null), Convert.ToDouble(right, null), position),
                (string a, string b) when operation == "+" => Join(a, b, position),
                (string a, long times) when operation == "*" => Repeat(a, times, position),
                (long times, string b) when operation == "*" => Repeat(b, times, position),
                (List<object?> a, List<object?> b) when operation == "+" => Join(a, b, position),
                _ => throw new TemplateException(position, $"\"{operation}\" does not work on {Describe(left)} and {Describe(right)}."),
            };
        }
        catch (OverflowException)
        {
            throw new TemplateException(position, $"The result of \"{operation}\" is too large.");
        }
    }

    public string Join(string left, string right, TemplatePosition position)
    {
        budget.CheckLength(position, (long)left.Length + right.Length);
        return left + right;
    }

    public bool Compare(string operation, object? left, object? right, TemplatePosition position) => operation switch
    {
        "==" => AreEqual(left, right, 0, position),
        "!=" => !AreEqual(left, right, 0, position),
        "in" => IsIn(left, right, position),
        "not in" => !IsIn(left, right, position),
        "<" => Order(left, right, position) < 0,
        "<=" => Order(left, right, position) <= 0,
        ">" => Order(left, right, position) > 0,
        _ => Order(left, right, position) >= 0,
    };

    public int Order(object? left, object? right, TemplatePosition position)
    {
        budget.Spend(position);
        switch (left, right)
        {
            case (long a, long b):
                return a.CompareTo(b);
            case (long or double, long or double):
                return Convert.ToDouble(left, null).CompareTo(Convert.ToDouble(right, null));
            case (bool a, bool b):
                return a.CompareTo(b);
            case (string a, string b):
                budget.CheckLength(position, Math.Min(a.Length, b.Length));
                return string.CompareOrdinal(a, b);
            case (List<object?> a, List<object?> b):
                for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
                {
                    if (!AreEqual(a[i], b[i], 0, position))
                        return Order(a[i], b[i], position);
                }
                return a.Count.CompareTo(b.Count);
            default:
                throw new TemplateException(position, $"{Describe(left)} and {Describe(right)} have no order; compare values of one kind.");
        }
    }

    public bool AreEqual(object? left, object? right, int depth, TemplatePosition position)
    {
        budget.Spend(position);
        if (depth > budget.MaxDepth)
            throw new TemplateException(position, $"The values are nested more than {budget.MaxDepth} levels deep.");
        switch (left, right)
        {
            case (string a, string b):
                budget.CheckLength(position, a.Length == b.Length ? a.Length : 0);
                return a == b;
            case (long or double, long or double):
                return left is long x && right is long y ? x == y : Convert.ToDouble(left, null) == Convert.ToDouble(right, null);
            case (Undefined, Undefined):
                return true;
            case (List<object?> a, List<object?> b):
                return a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second, depth + 1, position));
            case (TemplateMap a, TemplateMap b):
                return a.Count == b.Count && a.All(pair => b.TryGetValue(pair.Key, out var other) && AreEqual(pair.Value, other, depth + 1, position));
            default:
                return Equals(left, right);
        }
    }

    private bool IsIn(object? item, object? container, TemplatePosition position)
    {
        switch (container)
        {
            case string text when item is string part:
                budget.CheckLength(position, text.Length);
                return text.Contains(part, StringComparison.Ordinal);
            case List<object?> list:
                return list.Exists(other => AreEqual(item, other, 0, position));
            case TemplateMap map:
                return item is string key && map.ContainsKey(key);
            case Undefined:
                return false;
            default:
                throw new TemplateException(position, $"\"in\" does not work on {Describe(item)} and {Describe(container)}.");
        }
    }

    private static object Apply(string operation, long left, long right, TemplatePosition position)
    {
        if (right == 0 && (operation is "/" or "//" or "%"))
            throw new TemplateException(position, "Division by zero.");
        return operation switch
        {
            // Each result keeps its own type: without the cast all of them would become double.
            "+" => (object)checked(left + right),
            "-" => checked(left - right),
            "*" => checked(left * right),
            "/" => (double)left / right,
            // Python rounds down, C# towards zero; and the lowest number divided by -1 is too large.
            "//" => right == -1 ? checked(-left) : left / right - (left % right != 0 && (left < 0) != (right < 0) ? 1 : 0),
            "%" => right == -1 ? 0L : (left % right + right) % right,
            _ => throw new TemplateException(position, $"Unknown operator \"{operation}\"."),
        };
    }

    private static double Apply(string operation, double left, double right, TemplatePosition position)
    {
        if (right == 0 && (operation is "/" or "//" or "%"))
            throw new TemplateException(position, "Division by zero.");
        return operation switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => left - right * Math.Floor(left / right),
            _ => throw new TemplateException(position, $"Unknown operator \"{operation}\"."),
        };
    }

    private string Repeat(string text, long times, TemplatePosition position)
    {
        times = Math.Max(0, times);
        if (text.Length > 0)
            budget.CheckLength(position, times > int.MaxValue ? long.MaxValue : times * text.Length);
        return text.Length == 0 ? "" : string.Concat(Enumerable.Repeat(text, (int)times));
    }

    private List<object?> Join(List<object?> left, List<object?> right, TemplatePosition position)
    {
        budget.Spend(position, (long)left.Count + right.Count);
        return [.. left, .. right];
    }
}

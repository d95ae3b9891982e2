using System.Globalization;
using System.Text;

namespace Odin.Templates;

/// <summary>A map that keeps the order of its members. The other values are null, bool, long, double, string, lists and <see cref="Undefined"/>.</summary>
internal sealed class TemplateMap(IEqualityComparer<string> comparer) : OrderedDictionary<string, object?>(comparer);

/// <summary>What a name that is not there stands for.</summary>
internal sealed record Undefined(string Name);

/// <summary>Counts the work of one rendering.</summary>
internal sealed class TemplateBudget(TemplateLimits limits)
{
    private int steps;

    public bool AllNamesAreKnown => limits.AllNamesAreKnown;

    public int MaxDepth => limits.MaxDepth;

    public int MaxOutput => limits.MaxOutput;

    public void Spend(TemplatePosition position, long amount = 1)
    {
        if (amount > limits.MaxSteps - steps)
            throw new TemplateException(position, $"The template takes more than {limits.MaxSteps} steps; make its loops smaller.");
        steps += (int)amount;
    }

    /// <summary>Before a text of this length is made.</summary>
    public void CheckLength(TemplatePosition position, long length)
    {
        if (length > limits.MaxOutput)
            throw new TemplateException(position, $"The text grows longer than {limits.MaxOutput} characters; make it smaller.");
        Spend(position, length / 64);
    }
}

/// <summary>Values as Python prints them.</summary>
internal sealed class PythonText(TemplateBudget budget, TemplatePosition position)
{
    private readonly StringBuilder text = new();

    /// <summary>As <c>str()</c>: a text is itself.</summary>
    public static string Print(object? value, TemplateBudget budget, TemplatePosition position)
    {
        if (value is string plain)
            return plain;
        var printer = new PythonText(budget, position);
        printer.Append(value, 0);
        return printer.text.ToString();
    }

    /// <summary>As <c>json.dumps(sort_keys=True)</c>.</summary>
    public static string ToJson(object? value, TemplateBudget budget, TemplatePosition position)
    {
        var printer = new PythonText(budget, position);
        printer.AppendJson(value, 0);
        return printer.text.ToString();
    }

    public static string Number(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        var magnitude = Math.Abs(value);
        if (value == Math.Floor(value) && magnitude < 1e16)
            return value.ToString("F1", CultureInfo.InvariantCulture);
        if (magnitude is < 1e-4 or >= 1e16)
            return Scientific(value);
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('E', StringComparison.Ordinal) ? value.ToString("F3", CultureInfo.InvariantCulture).TrimEnd('0') : text;
    }

    /// <summary>The shortest mantissa that reads back as the same number.</summary>
    private static string Scientific(double value)
    {
        var text = "";
        for (var digits = 0; digits <= 16 && (text.Length == 0 || double.Parse(text, CultureInfo.InvariantCulture) != value); digits++)
            text = value.ToString($"E{digits}", CultureInfo.InvariantCulture);
        var exponent = text.IndexOf('E', StringComparison.Ordinal);
        return $"{text.AsSpan(0, exponent)}e{text[exponent + 1]}{text[(exponent + 2)..].TrimStart('0').PadLeft(2, '0')}";
    }

    private void Append(object? value, int depth)
    {
        Enter(depth);
        switch (value)
        {
            case null:
                text.Append("None");
                break;
            case Undefined:
                break;
            case bool boolean:
                text.Append(boolean ? "True" : "False");
                break;
            case double number:
                text.Append(Number(number));
                break;
            case string inner:
                AppendQuoted(inner);
                break;
            case List<object?> list:
                AppendList(list, item => Append(item, depth + 1));
                break;
            case TemplateMap map:
                AppendMap(map, key => AppendQuoted(key), item => Append(item, depth + 1));
                break;
            default:
                text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
        }
        CheckLength();
    }

    private void AppendJson(object? value, int depth)
    {
        Enter(depth);
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case Undefined undefined:
                throw new TemplateException(position, $"\"{undefined.Name}\" is undefined and has no JSON.");
            case bool boolean:
                text.Append(boolean ? "true" : "false");
                break;
            case double number:
                text.Append(Number(number));
                break;
            case string inner:
                text.Append('"').Append(System.Text.Json.JsonEncodedText.Encode(inner, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value).Append('"');
                break;
            case List<object?> list:
                AppendList(list, item => AppendJson(item, depth + 1));
                break;
            case TemplateMap map:
                AppendMap(map.OrderBy(pair => pair.Key, StringComparer.Ordinal), key => AppendJson(key, depth + 1), item => AppendJson(item, depth + 1));
                break;
            default:
                text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
        }
        CheckLength();
    }

    private void Enter(int depth)
    {
        if (depth > budget.MaxDepth)
            throw new TemplateException(position, $"The value is nested more than {budget.MaxDepth} levels deep.");
        budget.Spend(position);
    }

    // What is written was paid for when it was entered, so that only the length is left to look at.
    private void CheckLength()
    {
        if (text.Length > budget.MaxOutput)
            budget.CheckLength(position, text.Length);
    }

    private void AppendList(List<object?> list, Action<object?> append)
    {
        text.Append('[');
        for (var i = 0; i < list.Count; i++)
        {
            if (i > 0)
                text.Append(", ");
            append(list[i]);
        }
        text.Append(']');
    }

    private void AppendMap(IEnumerable<KeyValuePair<string, object?>> map, Action<string> appendKey, Action<object?> append)
    {
        text.Append('{');
        var isFirst = true;
        foreach (var (key, value) in map)
        {
            if (!isFirst)
                text.Append(", ");
            isFirst = false;
            appendKey(key);
            text.Append(": ");
            append(value);
        }
        text.Append('}');
    }

    private void AppendQuoted(string value)
    {
        budget.CheckLength(position, value.Length);
        var quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (var c in value)
        {
            switch (c)
            {
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                default:
                    if (c == quote)
                        text.Append('\\').Append(c);
                    else if (char.IsControl(c))
                        text.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
                    else
                        text.Append(c);
                    break;
            }
        }
        text.Append(quote);
    }
}

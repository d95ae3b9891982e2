using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Pipelines;

/// <summary>
/// References from one task to a value of another: <c>^task.outputs.label</c> as a whole text, or <c>{^task.outputs.label}</c>
/// inside one. A reference may be built from others: <c>{^a.{^b.key}}</c>. A text that begins with <c>^^</c> is no reference
/// but means one <c>^</c>.
/// </summary>
/// <remarks>
/// Data that is put into a text before its references are replaced must not become one. In it <c>{^^}</c>, <c>{^(}</c>,
/// <c>{^)}</c> and <c>{^}</c> stand for <c>^</c>, <c>{</c>, <c>}</c> and for nothing: groups that no author can have meant,
/// for no task has such a name.
/// </remarks>
public static class References
{
    /// <summary>Groups in each other; deeper ones are plain text.</summary>
    private const int MaxDepth = 20;

    /// <summary>The names that a text refers to, as written, each once. A name that is built from another reference is not known before that one is.</summary>
    public static IReadOnlyList<string> Find(string text)
    {
        if (!text.Contains('^', StringComparison.Ordinal))
            return [];
        var names = new OrderedDictionary<string, bool>(StringComparer.Ordinal);
        Find(text, 0, names);
        return [.. names.Keys];
    }

    /// <summary>Data as it must be written into a text so that it comes out as it is; see the remarks.</summary>
    internal static string Escape(string data)
    {
        if (data.AsSpan().IndexOfAny("^{}") < 0)
            return data.Length == 0 ? "{^}" : data;
        var text = new StringBuilder(data.Length + 16);
        foreach (var c in data)
            _ = c switch { '^' => text.Append("{^^}"), '{' => text.Append("{^(}"), '}' => text.Append("{^)}"), _ => text.Append(c) };
        return text.ToString();
    }

    /// <summary>A text as people should see it before its references are replaced.</summary>
    internal static string Unescape(string text) => text.Contains("{^", StringComparison.Ordinal)
        ? text.Replace("{^^}", "^", StringComparison.Ordinal)
            .Replace("{^(}", "{", StringComparison.Ordinal)
            .Replace("{^)}", "}", StringComparison.Ordinal)
            .Replace("{^}", "", StringComparison.Ordinal)
        : text;

    /// <summary>Replaces the references of one text.</summary>
    /// <param name="lookup">The value at a path such as <c>train.outputs.model</c>; null when there is none.</param>
    /// <returns>
    /// The whole form gives the value found, of any JSON type, and null when there is none. The embedded form gives a text, into which
    /// numbers, booleans, lists and maps are written as JSON; a missing value or null there is an error, as it cannot be written.
    /// </returns>
    public static ReferenceResult Resolve(string text, Func<string, JsonNode?> lookup)
    {
        if (!text.Contains('^', StringComparison.Ordinal))
            return new ReferenceResult(JsonValue.Create(text), null);
        if (text.StartsWith("^^", StringComparison.Ordinal))
            return new ReferenceResult(JsonValue.Create(text[1..]), null);
        var (value, _, error) = Resolve(text, 0, lookup);
        return error is null ? new ReferenceResult(value, null) : new ReferenceResult(null, error);
    }

    /// <summary>A value as it stands inside a text.</summary>
    public static string ToText(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();

    private static (JsonNode? Value, bool IsLookup, string? Error) Resolve(string text, int depth, Func<string, JsonNode?> lookup)
    {
        var result = new StringBuilder();
        var copied = 0;
        var beginsWithData = false;
        while (depth < MaxDepth && NextGroup(text, copied) is var (start, end))
        {
            result.Append(text, copied, start - copied);
            var inside = text[(start + 1)..end];
            if (Escaped(inside) is { } data)
            {
                beginsWithData |= start == 0;
                result.Append(data);
                copied = end + 1;
                continue;
            }
            var (value, isLookup, error) = Resolve(inside, depth + 1, lookup);
            if (error is not null)
                return (null, false, error);
            if (isLookup && value is null)
                return (null, false, $"The reference \"{{{DiagnosticBag.Shorten(Unescape(inside))}}}\" has no value; check that the task writes it before it ends.");
            // Braces that only hold a reference somewhere inside (JSON text does) are the author's and stay.
            result.Append(isLookup ? ToText(value!) : $"{{{ToText(value!)}}}");
            copied = end + 1;
        }
        // Behind an open brace, or too deep, there are no references, but there may be data.
        var rest = text[copied..];
        beginsWithData |= copied == 0 && rest.StartsWith("{^", StringComparison.Ordinal);
        result.Append(Unescape(rest));
        var resolved = result.ToString();
        if (beginsWithData || !resolved.StartsWith('^'))
            return (JsonValue.Create(resolved), false, null);
        return (lookup(resolved[1..])?.DeepClone(), true, null);
    }

    private static string? Escaped(string inside) => inside switch { "^^" => "^", "^(" => "{", "^)" => "}", "^" => "", _ => null };

    private static void Find(string text, int depth, OrderedDictionary<string, bool> names)
    {
        if (text.StartsWith('^') && !(depth == 0 && text.StartsWith("^^", StringComparison.Ordinal)))
        {
            var end = text.AsSpan().IndexOf('.');
            var name = end < 0 ? text[1..] : text[1..end];
            if (!name.Contains('{', StringComparison.Ordinal))
                names.TryAdd(name, true);
        }
        else if (depth == 0 && text.StartsWith('^'))
        {
            return;
        }
        var from = 0;
        while (depth < MaxDepth && NextGroup(text, from) is var (start, last))
        {
            Find(text[(start + 1)..last], depth + 1, names);
            from = last + 1;
        }
    }

    /// <summary>The next outermost group with both its braces; a lone <c>}</c> is text, and so is everything after an unclosed <c>{</c>.</summary>
    private static (int Start, int End)? NextGroup(string text, int from)
    {
        var start = text.IndexOf('{', from);
        if (start < 0)
            return null;
        var open = 0;
        for (var i = start; i < text.Length; i++)
        {
            open += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (open == 0)
                return (start, i);
        }
        return null;
    }
}

/// <summary>What a text with references became. Null without an error: a whole reference to nothing.</summary>
public sealed record ReferenceResult(JsonNode? Value, string? Error);

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Odin.Cli.JsonPaths;

/// <summary>A condition in a filter.</summary>
internal abstract record FilterNodeTest
{
    public abstract bool Holds(JsonNode? value, JsonNode? root);
}

/// <summary><c>@.a</c>: there is such a thing.</summary>
internal sealed record ExistsTest(PathNode Path) : FilterNodeTest
{
    public override bool Holds(JsonNode? value, JsonNode? root) => Path.Find(value, root).Any();
}

/// <summary><c>!condition</c></summary>
internal sealed record NotTest(FilterNodeTest Inner) : FilterNodeTest
{
    public override bool Holds(JsonNode? value, JsonNode? root) => !Inner.Holds(value, root);
}

/// <summary><c>a &amp;&amp; b</c>, <c>a || b</c>.</summary>
internal sealed record BothTest(FilterNodeTest Left, FilterNodeTest Right, bool IsAnd) : FilterNodeTest
{
    public override bool Holds(JsonNode? value, JsonNode? root) =>
        IsAnd ? Left.Holds(value, root) && Right.Holds(value, root) : Left.Holds(value, root) || Right.Holds(value, root);
}

/// <summary><c>@.a == 'x'</c> and the like. Numbers are compared with numbers, texts with texts; all else is only equal or not.</summary>
internal sealed record CompareTest(Operand Left, string Operator, Operand Right) : FilterNodeTest
{
    // A pattern is typed by who waits for it, but a mistake in one must not take forever.
    private static readonly TimeSpan PatternLimit = TimeSpan.FromSeconds(1);

    public override bool Holds(JsonNode? value, JsonNode? root)
    {
        var (left, right) = (Left.Find(value, root), Right.Find(value, root));
        if (left is null || right is null)
            return Operator == "!=" && left is null != right is null;
        var (a, b) = (left.Value.Node, right.Value.Node);
        return Operator switch
        {
            "==" or "=" => JsonNode.DeepEquals(Plain(a), Plain(b)),
            "!=" => !JsonNode.DeepEquals(Plain(a), Plain(b)),
            "=~" => a is JsonValue && Text(a) is { } text && Text(b) is { } pattern && Regex.IsMatch(text, pattern, RegexOptions.None, PatternLimit),
            _ => Compare(a, b) is { } order && Operator switch
            {
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order >= 0,
            },
        };
    }

    // 1 and 1.0 are the same number.
    private static JsonNode? Plain(JsonNode? node) => Number(node) is { } number ? JsonValue.Create(number) : node?.DeepClone();

    private static int? Compare(JsonNode? a, JsonNode? b) =>
        Number(a) is { } x && Number(b) is { } y ? x.CompareTo(y)
        : Text(a) is { } s && Text(b) is { } t ? string.CompareOrdinal(s, t)
        : null;

    private static double? Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number
        ? double.Parse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)
        : null;

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;
}

/// <summary>A value that was found; it may be JSON's null.</summary>
internal readonly record struct FoundValue(JsonNode? Node);

/// <summary>One side of a comparison: a path, of which the first match counts, or a constant.</summary>
internal sealed record Operand(PathNode? Path, JsonNode? Constant)
{
    /// <summary>Null: there is no such thing.</summary>
    public FoundValue? Find(JsonNode? value, JsonNode? root)
    {
        if (Path is null)
            return new FoundValue(Constant);
        foreach (var found in Path.Find(value, root))
            return new FoundValue(found);
        return null;
    }
}

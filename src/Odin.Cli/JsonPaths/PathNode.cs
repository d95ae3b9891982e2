using System.Text.Json.Nodes;

namespace Odin.Cli.JsonPaths;

/// <summary>A part of a path: from a value to those that it leads to.</summary>
internal abstract record PathNode
{
    /// <param name="root">The document.</param>
    public abstract IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root);
}

/// <summary><c>$</c></summary>
internal sealed record RootNode : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => [root];
}

/// <summary><c>@</c>, or nothing before the first bracket.</summary>
internal sealed record ThisNode : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => [value];
}

/// <summary><c>name</c>, <c>'a name'</c>, <c>a,b</c>.</summary>
internal sealed record FieldsNode(IReadOnlyList<string> Names) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root)
    {
        if (value is not JsonObject map)
            yield break;
        foreach (var name in Names)
        {
            if (map.TryGetPropertyValue(name, out var member))
                yield return member;
        }
    }
}

/// <summary><c>*</c>: the members of an object.</summary>
internal sealed record AnyFieldNode : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => value is JsonObject map ? map.Select(m => m.Value) : [];
}

/// <summary><c>[0]</c>, <c>[-1]</c>, <c>[0,2]</c>.</summary>
internal sealed record IndicesNode(IReadOnlyList<int> Indices) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root)
    {
        if (value is not JsonArray list)
            yield break;
        foreach (var index in Indices)
        {
            var at = index < 0 ? list.Count + index : index;
            if (at >= 0 && at < list.Count)
                yield return list[at];
        }
    }
}

/// <summary><c>[a:b:c]</c> as in Python, and <c>[*]</c>. What is no list counts as a list of itself.</summary>
internal sealed record SliceNode(int? Start, int? End, int? Step) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root)
    {
        if (value is null)
            yield break;
        var list = value as JsonArray;
        var (count, step) = (list?.Count ?? 1, Step ?? 1);
        var (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1);
        var start = Start is null ? (step > 0 ? lowest : highest) : Math.Clamp(Start < 0 ? Start.Value + count : Start.Value, lowest, highest);
        var end = End is null ? (step > 0 ? highest : lowest) : Math.Clamp(End < 0 ? End.Value + count : End.Value, lowest, highest);
        for (long at = start; step > 0 ? at < end : at > end; at += step)
            yield return list is null ? value : list[(int)at];
    }
}

/// <summary><c>left.right</c></summary>
internal sealed record ChildNode(PathNode Left, PathNode Right) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => Left.Find(value, root).SelectMany(v => Right.Find(v, root));
}

/// <summary><c>left..right</c></summary>
internal sealed record DescendantsNode(PathNode Left, PathNode Right) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => Left.Find(value, root).SelectMany(v => Below(v, root));

    private IEnumerable<JsonNode?> Below(JsonNode? value, JsonNode? root)
    {
        // Slices take what is no list for one: going down, that would yield everything twice.
        if (Right is not SliceNode || value is JsonArray)
        {
            foreach (var found in Right.Find(value, root))
                yield return found;
        }
        var children = value switch
        {
            JsonObject map => map.Select(m => m.Value),
            JsonArray list => list,
            _ => [],
        };
        foreach (var found in children.SelectMany(c => Below(c, root)))
            yield return found;
    }
}

/// <summary><c>left | right</c></summary>
internal sealed record UnionNode(PathNode Left, PathNode Right) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => Left.Find(value, root).Concat(Right.Find(value, root));
}

/// <summary><c>left where right</c>: those below which there is something.</summary>
internal sealed record WhereNode(PathNode Left, PathNode Right) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => Left.Find(value, root).Where(v => Right.Find(v, root).Any());
}

/// <summary><c>[?(…)]</c>: of a list the elements, of an object the members for which it is true.</summary>
internal sealed record FilterNode(FilterNodeTest Test) : PathNode
{
    public override IEnumerable<JsonNode?> Find(JsonNode? value, JsonNode? root) => value switch
    {
        JsonArray list => list.Where(v => Test.Holds(v, root)),
        JsonObject map => map.Select(m => m.Value).Where(v => Test.Holds(v, root)),
        _ => [],
    };
}

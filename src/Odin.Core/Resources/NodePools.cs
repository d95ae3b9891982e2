namespace Odin.Resources;

/// <summary>The groups of nodes that programs may ask for.</summary>
public static class NodePools
{
    /// <summary>Adds an error if the selector is not exactly one of the pools; none at all is right.</summary>
    public static void Check(
        IReadOnlyDictionary<string, string>? selector, IReadOnlyList<IReadOnlyDictionary<string, string>> pools, ICollection<string> errors)
    {
        if (selector is not { Count: > 0 } || pools.Any(pool => Equal(pool, selector)))
            return;
        var text = string.Join(' ', selector.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{p.Value}"));
        errors.Add($"node selector map[{text}] is not presented in ODAHU config");
    }

    private static bool Equal(IReadOnlyDictionary<string, string> pool, IReadOnlyDictionary<string, string> selector) =>
        pool.Count == selector.Count && pool.All(p => selector.TryGetValue(p.Key, out var value) && value == p.Value);
}

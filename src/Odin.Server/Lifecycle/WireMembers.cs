using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Server.Lifecycle;

/// <summary>What a body has, and what of it was asked for: the rest is unknown, a slip of the pen perhaps.</summary>
internal sealed class WireMembers
{
    // Not of the wish: what the server writes itself, and what tells one thing in a file from another.
    private static readonly string[] Envelope = ["kind", "status", "createdAt", "updatedAt"];

    private readonly Dictionary<JsonObject, (string Path, HashSet<string> Asked)> objects = new(ReferenceEqualityComparer.Instance);

    /// <summary>An object is looked into.</summary>
    /// <param name="path">Where it stands; empty: it is the body.</param>
    public void Add(JsonObject json, string path) =>
        objects.TryAdd(json, (path, new HashSet<string>(path.Length == 0 ? Envelope : [], StringComparer.OrdinalIgnoreCase)));

    public void Ask(JsonObject json, string name) => objects[json].Asked.Add(name);

    /// <summary>Those that nobody has asked for, each with what may have been meant. A name that begins with <c>_</c> is a remark.</summary>
    public IReadOnlyList<string> FindUnknown() =>
    [
        .. from item in objects
           from name in item.Key.Select(m => m.Key)
           where !name.StartsWith('_') && !item.Value.Asked.Contains(name)
           select Describe(item.Value.Path, name, item.Value.Asked),
    ];

    private static string Describe(string path, string name, IEnumerable<string> known)
    {
        var place = path.Length == 0 ? name : $"{path}.{name}";
        return NearestName.Find(name, known) is { } nearest ? $"unknown field {place}: did you mean {nearest}?"
            : $"unknown field {place}: known are {string.Join(", ", known.Except(Envelope).Order(StringComparer.Ordinal))}";
    }
}

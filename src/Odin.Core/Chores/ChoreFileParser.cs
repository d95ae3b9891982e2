using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Pipelines.Yaml;

namespace Odin.Chores;

/// <summary>Reads <c>chores:</c>, a list of maps with <c>name</c>, <c>type</c>, <c>depends</c> and the arguments.</summary>
public sealed class ChoreFileParser(IReadOnlyCollection<IChore> chores)
{
    private static readonly PipelineParserOptions Bounds = new() { MaxNodes = 20_000 };

    private readonly Dictionary<string, IChore> byType = chores.ToDictionary(chore => chore.Type, StringComparer.Ordinal);

    /// <summary>Collects every error of the file.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="file">What messages call it.</param>
    /// <param name="external">Names of results that references may also point at: executed tasks and <c>parent</c>.</param>
    public ChoreParseResult Parse(string yaml, string file, IReadOnlyCollection<string> external)
    {
        var bag = new DiagnosticBag(file);
        var drafts = ReadDrafts(YamlComposer.Compose(yaml, Bounds, bag), bag);
        Link(drafts, external, bag);
        var order = bag.HasErrors ? [] : Sort(drafts, bag);
        var steps = order.Select(draft => new ChoreStep(draft.Name, draft.Type, [.. draft.DependsOn.Keys], draft.Arguments));
        return new ChoreParseResult(bag.HasErrors ? null : new ChoreFile([.. steps]), bag.ToList());
    }

    private List<Draft> ReadDrafts(YamlNode? root, DiagnosticBag bag)
    {
        var drafts = new List<Draft>();
        if (bag.HasErrors)
            return drafts;
        if (root is not YamlMapping top || top.Entries.FirstOrDefault(entry => entry.Name == "chores")?.Value is not { } list)
        {
            bag.Error(root?.Position ?? default, DiagnosticCodes.MissingKey, "There is no key \"chores\"; write \"chores:\" with a list of chores below it.");
            return drafts;
        }
        if (list is not YamlSequence sequence)
        {
            bag.Error(list.Position, DiagnosticCodes.WrongType, $"\"chores\" must be a list, but it is {list.Description}.");
            return drafts;
        }
        foreach (var item in sequence.Items)
        {
            if (item is YamlMapping map)
                ReadDraft(map, drafts, bag);
            else
                bag.Error(item.Position, DiagnosticCodes.WrongType, $"A chore must be a map with \"name\" and \"type\", but this is {item.Description}.");
        }
        return drafts;
    }

    private void ReadDraft(YamlMapping map, List<Draft> drafts, DiagnosticBag bag)
    {
        var name = ReadText(map, "name", bag);
        var type = ReadText(map, "type", bag);
        if (name is null || type is null)
            return;
        if (name.Contains('.', StringComparison.Ordinal))
            bag.Error(map.Position, DiagnosticCodes.InvalidName, $"The name \"{name}\" must not hold a dot: dots separate the parts of a reference.");
        if (drafts.Any(other => other.Name == name))
            bag.Error(map.Position, DiagnosticCodes.DuplicateTask, $"There are two chores called \"{name}\"; give each its own name.");
        if (!byType.TryGetValue(type, out var chore))
        {
            bag.Error(Entry(map, "type")!.Value.Position, DiagnosticCodes.InvalidValue,
                $"There is no chore of type \"{type}\"{bag.Suggest(type, byType.Keys)}; there are {string.Join(", ", byType.Keys.Order(StringComparer.Ordinal))}.");
        }
        var draft = new Draft(name, type, map.Position);
        drafts.Add(draft);
        foreach (var entry in map.Entries.Where(entry => entry.Name is not ("name" or "type")))
        {
            if (entry.Name == "depends")
                ReadDepends(entry.Value, draft, bag);
            else
                ReadArgument(entry, chore, draft, bag);
        }
    }

    private static void ReadDepends(YamlNode value, Draft draft, DiagnosticBag bag)
    {
        IReadOnlyList<YamlNode> items = value switch
        {
            YamlSequence list => list.Items,
            { IsNull: true } => [],
            _ => [value],
        };
        foreach (var item in items)
        {
            if (item is YamlScalar { IsNull: false } scalar)
                draft.DependsOn.TryAdd(scalar.Text.TrimStart('^').Split('.', 2)[0], (scalar.Position, FromReference: false));
            else
                bag.Error(item.Position, DiagnosticCodes.WrongType, $"\"depends\" takes names of chores, but this is {item.Description}.");
        }
    }

    private static void ReadArgument(YamlEntry entry, IChore? chore, Draft draft, DiagnosticBag bag)
    {
        if (chore is not null && chore.Parameters.All(parameter => parameter.Name != entry.Name))
        {
            string[] known = [.. chore.Parameters.Select(parameter => parameter.Name), "name", "type", "depends"];
            bag.Error(entry.Key.Position, DiagnosticCodes.UnknownKey,
                $"A chore of type \"{chore.Type}\" has no argument \"{entry.Name}\"{bag.Suggest(entry.Name, known)}; it takes {string.Join(", ", known)}.");
            return;
        }
        if (!YamlJson.TryConvert(entry.Value, out var value))
        {
            bag.Error(entry.Value.Position, DiagnosticCodes.InvalidValue, $"The argument \"{entry.Name}\" holds a value that cannot be passed on (infinity, not-a-number, or one that is wrong in itself); give another.");
            return;
        }
        draft.Arguments[entry.Name] = value;
        foreach (var name in ChoreWiring.NamesIn(value))
            draft.DependsOn.TryAdd(name, (entry.Value.Position, FromReference: true));
    }

    /// <summary>Checks the names that are depended on, and drops those of external results: they are there already.</summary>
    private static void Link(List<Draft> drafts, IReadOnlyCollection<string> external, DiagnosticBag bag)
    {
        var names = drafts.Select(draft => draft.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var draft in drafts)
        {
            foreach (var (name, (position, fromReference)) in draft.DependsOn.Where(entry => !names.Contains(entry.Key)).ToList())
            {
                draft.DependsOn.Remove(name);
                if (!fromReference || !external.Contains(name))
                {
                    bag.Error(position, DiagnosticCodes.UnknownDependency,
                        $"The chore \"{draft.Name}\" depends on \"{name}\", but there is no chore{(fromReference ? " and no executed task" : "")} of that name{bag.Suggest(name, [.. names, .. external])}.");
                }
            }
        }
    }

    /// <summary>Every chore after what it depends on; otherwise in the order of the file.</summary>
    private static List<Draft> Sort(List<Draft> drafts, DiagnosticBag bag)
    {
        var order = new List<Draft>();
        var done = new HashSet<string>(StringComparer.Ordinal);
        while (drafts.Find(draft => !done.Contains(draft.Name) && draft.DependsOn.Keys.All(done.Contains)) is { } next)
        {
            done.Add(next.Name);
            order.Add(next);
        }
        if (order.Count == drafts.Count)
            return order;
        // From any chore that is left, going to one it waits for must at last come to a name a second time.
        var left = drafts.Where(draft => !done.Contains(draft.Name)).ToDictionary(draft => draft.Name, StringComparer.Ordinal);
        var path = new List<string> { left.Keys.First() };
        while (path.IndexOf(path[^1]) == path.Count - 1)
            path.Add(left[path[^1]].DependsOn.Keys.First(left.ContainsKey));
        var cycle = path[path.IndexOf(path[^1])..];
        bag.Error(left[cycle[0]].Position, DiagnosticCodes.DependencyCycle,
            $"Chores wait for each other in a circle: {string.Join(" -> ", cycle)}; remove one of these dependencies.");
        return [];
    }

    private static string? ReadText(YamlMapping map, string key, DiagnosticBag bag)
    {
        var value = Entry(map, key)?.Value;
        if (value is YamlScalar { IsNull: false } scalar)
            return scalar.Text;
        bag.Error(value?.Position ?? map.Position, DiagnosticCodes.MissingKey, $"A chore needs a \"{key}\" with a text.");
        return null;
    }

    private static YamlEntry? Entry(YamlMapping map, string key) => map.Entries.FirstOrDefault(entry => entry.Name == key);

    private sealed record Draft(string Name, string Type, YamlPosition Position)
    {
        public Dictionary<string, (YamlPosition Position, bool FromReference)> DependsOn { get; } = new(StringComparer.Ordinal);

        public JsonObject Arguments { get; } = [];
    }
}

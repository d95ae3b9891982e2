using System.Text.Json.Nodes;

namespace Odin.Cli.Lifecycle;

/// <summary>An entity of a file, known by its kind and its id.</summary>
/// <param name="File">As it was named.</param>
internal sealed record ManifestItem(LifecycleNoun Noun, string Id, JsonObject Json, string File)
{
    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>As in "the training 'wine'".</summary>
    public string Title => $"{Noun.Singular} '{Id}'";

    /// <summary>Below the address of the server.</summary>
    public string Path => Noun.PathOf(Id);

    /// <summary>
    /// The entities of files, and of the files that lie directly in directories, in the order in which they need each other. All
    /// that is wrong is said at once.
    /// </summary>
    /// <param name="note">Told of files of directories that are left out, as they hold no entities.</param>
    public static IReadOnlyList<ManifestItem> ReadAll(IEnumerable<string> paths, TextReader input, Action<string> note)
    {
        var (items, errors) = (new List<ManifestItem>(), new List<string>());
        foreach (var path in paths)
        {
            var isDirectory = Directory.Exists(path);
            foreach (var file in isDirectory ? FilesOf(path, errors) : [path])
            {
                var entities = Manifest.ReadAll(file, input);
                if (isDirectory && entities.All(e => e is not JsonObject map || !map.ContainsKey("kind")))
                    note($"'{file}' is left out: it holds no entities.");
                else
                    Identify(entities, file, items, errors);
            }
        }
        foreach (var twice in items.GroupBy(i => (i.Noun, i.Id)).Where(g => g.Count() > 1))
            errors.Add($"the {twice.First().Title} is there twice: in {string.Join(" and ", twice.Select(i => $"'{i.File}'").Distinct())}");
        if (errors.Count > 0)
            throw new CliException(ExitCode.Usage, string.Join('\n', errors), "Each entity is a map with 'kind', 'id' and 'spec': docs/reference/manifests.md has them all.");
        var order = LifecycleNoun.All.ToList();
        return [.. items.OrderBy(i => order.IndexOf(i.Noun))];
    }

    private static string[] FilesOf(string directory, List<string> errors)
    {
        var files = Directory.GetFiles(directory).Where(f => Extensions.Contains(System.IO.Path.GetExtension(f))).Order(StringComparer.Ordinal).ToArray();
        if (files.Length == 0)
            errors.Add($"'{directory}' has no file that ends with {string.Join(", ", Extensions)}");
        return files;
    }

    private static void Identify(IReadOnlyList<JsonNode> entities, string file, List<ManifestItem> items, List<string> errors)
    {
        if (entities.Count == 0)
            errors.Add($"'{file}' holds nothing");
        for (var i = 0; i < entities.Count; i++)
        {
            var place = entities.Count == 1 ? $"'{file}'" : $"'{file}', entity {i + 1}";
            if (LifecycleNoun.BatchJob.Kinds.Contains(LifecycleNoun.Find(entities[i], "kind")))
                errors.Add($"{place}: each batch job is another one, with an id of the server's: `odin {LifecycleNoun.BatchJob.Command} create -f FILE` makes it");
            else if (Manifest.Missing(entities[i]) is { } missing)
                errors.Add($"{place}: {missing}");
            else if (LifecycleNoun.OfKind(LifecycleNoun.Find(entities[i], "kind")!) is { } noun)
                items.Add(new ManifestItem(noun, LifecycleNoun.Find(entities[i], "id")!, (JsonObject)entities[i], file));
            else
                errors.Add($"{place}: the kind '{LifecycleNoun.Find(entities[i], "kind")}' is none of {string.Join(", ", LifecycleNoun.All.Select(n => n.Kinds[0]))}");
        }
    }
}

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Odin.Chores;

namespace Odin.Cli.Lifecycle;

/// <summary>Files that hold entities of the model lifecycle, as YAML or JSON; one or many.</summary>
internal static partial class Manifest
{
    private const int MostBytes = 16 << 20;

    // Of these the address may be a path beside the file.
    private static readonly string[] PathTypes = ["git", "local"];

    /// <summary>The entities of a file, all of which must be of the noun.</summary>
    public static IReadOnlyList<JsonObject> Read(string file, LifecycleNoun noun)
    {
        var entities = ReadAll(file);
        if (entities.Count == 0)
            throw new CliException(ExitCode.Usage, $"'{file}' holds nothing", $"Write an entity of kind {noun.Kinds[0]} into it.");
        foreach (var entity in entities)
        {
            var kind = LifecycleNoun.Find(entity, "kind");
            if (kind is not null && !noun.Kinds.Contains(kind))
                throw new CliException(ExitCode.Usage, $"'{file}' holds a {kind}, and `odin {noun.Command}` takes a {noun.Kinds[0]}");
            ResolvePath(entity, file);
        }
        return entities;
    }

    private static List<JsonObject> ReadAll(string file)
    {
        var text = Load(file);
        var entities = new List<JsonObject>();
        foreach (var document in Documents(text))
        {
            var (value, diagnostics) = YamlConversion.Parse(document, file);
            if (diagnostics.Count > 0)
                throw new CliException(ExitCode.Usage, $"'{file}' is not valid JSON or YAML:\n{string.Join('\n', diagnostics)}");
            foreach (var item in value is JsonArray list ? [.. list] : new[] { value })
            {
                switch (item)
                {
                    case null:
                        break;
                    case JsonObject entity:
                        entities.Add((JsonObject)entity.DeepClone());
                        break;
                    default:
                        throw new CliException(ExitCode.Usage, $"'{file}' holds something else than entities", "Each is a map with 'kind', 'id' and 'spec'.");
                }
            }
        }
        return entities;
    }

    private static string Load(string file)
    {
        if (file == "-")
            return Console.In.ReadToEnd();
        if (!File.Exists(file))
            throw new CliException(ExitCode.Usage, $"Resource file '{file}' not found", "Check the path.");
        return new FileInfo(file).Length <= MostBytes
            ? File.ReadAllText(file)
            : throw new CliException(ExitCode.Usage, $"'{file}' has more than {MostBytes >> 20} MiB");
    }

    // Each begins where it does in the file, so that lines in messages are those of the file.
    private static IEnumerable<string> Documents(string text)
    {
        var start = 0;
        foreach (Match border in Border().Matches(text))
        {
            yield return Padded(text, start, border.Index);
            start = border.Index + 3;
        }
        yield return Padded(text, start, text.Length);
    }

    private static string Padded(string text, int start, int end) =>
        new string('\n', text.AsSpan(0, start).Count('\n')) + text[start..end];

    // A path in a file means a place beside the file, wherever the command is typed.
    private static void ResolvePath(JsonObject entity, string file)
    {
        if (entity["spec"] is not JsonObject spec || !PathTypes.Contains(LifecycleNoun.Find(spec, "type")) || LifecycleNoun.Find(spec, "uri") is not { } uri)
            return;
        if (uri is "." or ".." || uri.StartsWith("./", StringComparison.Ordinal) || uri.StartsWith("../", StringComparison.Ordinal))
            spec["uri"] = Path.GetFullPath(uri, Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    [GeneratedRegex(@"^---(?=[ \t\r]|$)", RegexOptions.Multiline)]
    private static partial Regex Border();
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Odin.Chores;
using Odin.Pipelines.Yaml;

namespace Odin.Cli.Lifecycle;

/// <summary>Files that hold entities of the model lifecycle, as YAML or JSON; one or many.</summary>
internal static partial class Manifest
{
    private const int MostBytes = 16 << 20;
    private const double MostExact = 1e15;

    // Of these the address may be a path beside the file.
    private static readonly string[] PathTypes = ["git", "local"];

    private static readonly string[] Identity = ["kind", "id"];

    /// <summary>The entities of a file, all of which must be of the noun.</summary>
    /// <param name="input">What <c>-</c> stands for.</param>
    public static IReadOnlyList<JsonObject> Read(string file, LifecycleNoun noun, TextReader input)
    {
        var items = ReadAll(file, input);
        if (items.Count == 0)
            throw new CliException(ExitCode.Usage, $"'{file}' holds nothing", $"Write an entity of kind {noun.Kinds[0]} into it.");
        if (items.FirstOrDefault(i => LifecycleNoun.Find(i, "kind") is { Length: > 0 } kind && !noun.Kinds.Contains(kind)) is { } other)
            throw new CliException(ExitCode.Usage, $"'{file}' holds a {LifecycleNoun.Find(other, "kind")}, and `odin {noun.Command}` takes a {noun.Kinds[0]}", $"`odin apply -f {file}` takes all kinds.");
        var errors = items.Select((item, i) => (Number: i + 1, Missing: Missing(item, noun.IsNamedByServer ? ["kind"] : Identity))).Where(e => e.Missing is not null)
            .Select(e => items.Count == 1 ? $"'{file}': {e.Missing}" : $"'{file}', entity {e.Number}: {e.Missing}").ToList();
        if (errors.Count > 0)
            throw new CliException(ExitCode.Usage, string.Join('\n', errors), $"Each is a map with 'kind: {noun.Kinds[0]}', 'id' and 'spec'.");
        return [.. items.Cast<JsonObject>()];
    }

    /// <summary>What an entity lacks that says what it is; null: nothing.</summary>
    public static string? Missing(JsonNode entity) => Missing(entity, Identity);

    private static string? Missing(JsonNode entity, string[] identity)
    {
        if (entity is not JsonObject)
            return "this is no entity";
        var missing = identity.Where(n => string.IsNullOrEmpty(LifecycleNoun.Find(entity, n))).Select(n => $"'{n}'").ToList();
        return missing.Count == 0 ? null : $"{string.Join(" and ", missing)} {(missing.Count == 1 ? "is" : "are")} missing";
    }

    /// <summary>Whatever is in a file, without what is empty; paths of connections are made those of the file.</summary>
    /// <param name="input">What <c>-</c> stands for.</param>
    public static IReadOnlyList<JsonNode> ReadAll(string file, TextReader input)
    {
        var text = Load(file, input);
        var items = new List<JsonNode>();
        foreach (var document in Documents(text))
        {
            var (value, diagnostics) = YamlConversion.Parse(document, file);
            if (diagnostics.Count > 0)
                throw new CliException(ExitCode.Usage, $"'{file}' is not valid JSON or YAML:\n{string.Join('\n', diagnostics)}");
            items.AddRange((value is JsonArray list ? [.. list] : new[] { value }).OfType<JsonNode>().Select(n => WithFractions(n)!));
        }
        foreach (var entity in items.OfType<JsonObject>())
            ResolvePath(entity, file);
        return items;
    }

    // A version 1.0 is not the version 1: what is written with a fraction is sent with it.
    private static JsonNode? WithFractions(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(m => KeyValuePair.Create(m.Key, WithFractions(m.Value)))),
        JsonArray list => new JsonArray([.. list.Select(WithFractions)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && value.GetValue<object>() is double number && number == Math.Truncate(number) && Math.Abs(number) < MostExact =>
            JsonNode.Parse(number.ToString("F1", CultureInfo.InvariantCulture)),
        _ => node?.DeepClone(),
    };

    private static string Load(string file, TextReader input)
    {
        if (file == "-")
            return input.ReadToEnd();
        if (!File.Exists(file))
            throw new CliException(ExitCode.NotFound, $"Resource file '{file}' not found", "Check the path.");
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
            spec["uri"] = Path.GetFullPath(uri, RealDirectoryOf(file));
    }

    // Links on the way are followed: ".." is then what it is to every other program.
    private static string RealDirectoryOf(string file)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var real = "/";
        foreach (var part in directory.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            real = Directory.ResolveLinkTarget(real, returnFinalTarget: true)?.FullName ?? real;
        }
        return real;
    }

    [GeneratedRegex(@"^---(?=[ \t\r]|$)", RegexOptions.Multiline)]
    private static partial Regex Border();
}

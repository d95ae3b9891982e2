using System.Text.RegularExpressions;
using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>
/// Reads a <c>main.yml</c>. Everything that is wrong is found in one pass, each with its place; a pipeline comes out only when
/// there is no error. Pure: touches no file.
/// </summary>
public static partial class PipelineParser
{
    /// <summary>The name of the file in the directory of a job.</summary>
    public const string FileName = "main.yml";

    private static readonly string[] TopLevelKeys = ["name", "tasks", "on_failure", "parameters"];

    /// <param name="file">For the diagnostics: the path relative to the job's directory.</param>
    /// <param name="options">Null: the defaults.</param>
    public static PipelineParseResult Parse(string yaml, string file = FileName, PipelineParserOptions? options = null)
    {
        var bag = new DiagnosticBag(file);
        var pipeline = Read(yaml, options ?? PipelineParserOptions.Default, bag);
        return new PipelineParseResult(bag.HasErrors ? null : pipeline, bag.ToList());
    }

    private static Pipeline? Read(string yaml, PipelineParserOptions options, DiagnosticBag bag)
    {
        var root = YamlComposer.Compose(yaml, options, bag);
        if (root is not YamlMapping map)
        {
            if (root is not (null or YamlInvalid) && !root.IsNull)
                bag.Error(root.Position, DiagnosticCodes.WrongType, $"The file must be a map with the key \"tasks\", but it is {root.Description}.");
            else if (!bag.HasErrors)
                bag.Error(default, DiagnosticCodes.NoTasks, "The file is empty; write at least one task below \"tasks:\".");
            return null;
        }
        var reader = new MapReader(map, "the pipeline", bag);
        WarnAboutNearMisses(map, bag);
        var name = ReadName(reader);
        var policy = reader.Choice("on_failure", ["stop", "fail_fast", "continue"]) switch
        {
            "fail_fast" => FailurePolicy.FailFast,
            "continue" => FailurePolicy.Continue,
            _ => FailurePolicy.Stop,
        };
        var parameters = ParameterReader.Read(reader);
        var drafts = ReadTasks(reader, options);
        if (drafts is null)
            return null;
        foreach (var draft in drafts)
            TaskIdCheck.Check(name, draft, bag);
        var texts = new TextChecks([.. PipelineVariables.All, .. DeclaredNames(reader)], bag);
        return new Pipeline { Name = name, OnFailure = policy, Parameters = parameters, Tasks = TaskLinker.Link(drafts, texts, bag) };
    }

    private static List<TaskDraft>? ReadTasks(MapReader reader, PipelineParserOptions options)
    {
        var bag = reader.Bag;
        if (reader.Required("tasks", "write the tasks in a list below it") is not { } node)
            return null;
        if (node is not YamlSequence list)
        {
            bag.Error(node.Position, DiagnosticCodes.WrongType, $"\"tasks\" must be a list of tasks, but it is {node.Description}; begin each task with \"- name: …\".");
            return null;
        }
        if (list.Items.Count == 0)
        {
            bag.Error(list.Position, DiagnosticCodes.NoTasks, "The pipeline has no tasks, so there is nothing to run; write at least one below \"tasks\".");
            return null;
        }
        if (list.Items.Count > options.MaxTasks)
        {
            bag.Error(list.Position, DiagnosticCodes.TooManyTasks, $"The pipeline has {list.Items.Count} tasks, but {options.MaxTasks} is the most; split it into several jobs.");
            return null;
        }
        var drafts = new List<TaskDraft>(list.Items.Count);
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (list.Items[i] is YamlMapping map)
                drafts.Add(TaskReader.Read(map, i + 1, options, bag));
            else if (list.Items[i] is not YamlInvalid)
                bag.Error(list.Items[i].Position, DiagnosticCodes.WrongType, $"Task {i + 1} must be a map with \"name\", \"image\" and \"command\", but it is {list.Items[i].Description}.");
        }
        return drafts;
    }

    private static string ReadName(MapReader reader)
    {
        var name = reader.Text("name");
        if (name is null || (NamePattern().IsMatch(name) && !name.Contains("--", StringComparison.Ordinal)))
            return name ?? Pipeline.DefaultName;
        reader.Bag.Error(reader.Node("name")!.Position, DiagnosticCodes.InvalidName,
            $"Pipeline name must match [a-z0-9-\\.]+, got {DiagnosticBag.Quote(name)}; use lower case letters, digits, dots and single hyphens, with a letter or digit at both ends.");
        return Pipeline.DefaultName;
    }

    /// <summary>Top-level keys are free, as anchors live there; but a misspelt one would be passed over in silence.</summary>
    private static void WarnAboutNearMisses(YamlMapping map, DiagnosticBag bag)
    {
        foreach (var key in map.Entries.Select(entry => entry.Key).Where(key => !TopLevelKeys.Contains(key.Text) && key.Text.Length is > 2 and < 20))
        {
            if (TopLevelKeys.FirstOrDefault(known => NearestName.Distance(key.Text, known) <= 2) is not { } near)
                continue;
            bag.Warning(key.Position, DiagnosticCodes.UnknownKey, $"The key {DiagnosticBag.Quote(key.Text)} has no meaning at the top level and is ignored; did you mean \"{near}\"?");
        }
    }

    private static IEnumerable<string> DeclaredNames(MapReader reader) =>
        reader.Node("parameters") is YamlMapping map ? map.Entries.Select(entry => entry.Name) : [];

    [GeneratedRegex(@"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\z")]
    private static partial Regex NamePattern();
}

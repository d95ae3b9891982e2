using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Cli.Jobs;

/// <summary>Checks definitions on the disk. Paths in the diagnostics are as they were typed, so that editors find them.</summary>
/// <param name="given">Parameters and template values; empty: parameters are not checked, as they come when a run is submitted.</param>
internal sealed class JobLinter(JsonObject given)
{
    private readonly List<Diagnostic> diagnostics = [];

    public IReadOnlyList<Diagnostic> Diagnostics => diagnostics;

    /// <summary>How many tasks the definitions without errors have.</summary>
    public int Tasks { get; private set; }

    /// <summary>The files to check: the one that is named, or every definition and template below a directory.</summary>
    public static IReadOnlyList<string> Find(string path)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new CliException(ExitCode.NotFound, $"there is no file or directory '{path}'", "Name a job's directory on this machine; `odin show JOB` prints one of a server.");
        var files = Files(path, SearchOption.TopDirectoryOnly);
        if (!files.Any(IsDefinition))
            files = Files(path, SearchOption.AllDirectories);
        return files.Any(IsDefinition)
            ? files
            : throw new CliException(
                ExitCode.NotFound, $"there is no '{PipelineParser.FileName}' in '{path}'", "A job is a directory with that file; write one, or name another directory.");
    }

    public async Task CheckAsync(string file, CancellationToken cancellationToken)
    {
        var text = await File.ReadAllTextAsync(file, cancellationToken);
        if (file.EndsWith(JobTemplates.Extension, StringComparison.Ordinal))
        {
            var rendered = JobTemplates.Render(text, Values(file), file);
            diagnostics.AddRange(rendered.Diagnostics);
            if (rendered.Text is not { } result)
                return;
            text = result;
        }
        if (!IsYaml(file))
            return;
        var parsed = PipelineParser.Parse(text, file);
        diagnostics.AddRange(parsed.Diagnostics);
        if (parsed.Pipeline is not { } pipeline)
            return;
        Tasks += pipeline.Tasks.Count;
        if (given.Count > 0)
        {
            // With templates, values may be for them alone.
            var undeclared = file.EndsWith(JobTemplates.Extension, StringComparison.Ordinal) ? UndeclaredValues.Ignored : UndeclaredValues.Refused;
            diagnostics.AddRange(ParameterBinder.Bind(pipeline.Parameters, given, undeclared).Diagnostics);
        }
    }

    private static bool IsDefinition(string file) =>
        Path.GetFileName(file) is PipelineParser.FileName or PipelineParser.FileName + JobTemplates.Extension;

    // Named on the command line, any file is taken for a definition; in a directory, templates of other files are only rendered.
    private static bool IsYaml(string file) => IsDefinition(file) || !file.EndsWith(JobTemplates.Extension, StringComparison.Ordinal);

    private static List<string> Files(string directory, SearchOption depth) =>
    [
        .. Directory.EnumerateFiles(directory, "*", depth)
            .Where(f => IsDefinition(f) || f.EndsWith(JobTemplates.Extension, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    // As at submit: the job's name is known to its templates.
    private JsonObject Values(string file)
    {
        var values = (JsonObject)given.DeepClone();
        if (!values.ContainsKey("name"))
            values["name"] = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file)));
        return values;
    }
}

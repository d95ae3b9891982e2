using System.Text;
using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>A job that was read, with all that is wrong with it.</summary>
/// <param name="Pipeline">Null if there were errors.</param>
/// <param name="WorkPath">The job's directory; another one than the checkout's if the job has templates.</param>
/// <param name="Parameters">Bound values by name, as the text that is substituted; empty if there were errors.</param>
public sealed record LoadedJob(
    Pipeline? Pipeline, string WorkPath, IReadOnlyDictionary<string, string> Parameters, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>The bound values with their types.</summary>
    public JsonObject Values { get; init; } = [];
}

/// <summary>Reads the definition of a checked-out job: renders templates, parses, binds parameters.</summary>
public sealed class JobLoader(RunOptions options, PipelineParserOptions parser)
{
    private static readonly IReadOnlyDictionary<string, string> NoParameters = new Dictionary<string, string>();

    private const long MaxTemplateBytes = 1024 * 1024;

    public async Task<LoadedJob> LoadAsync(JobCheckout checkout, JsonObject? context, CancellationToken cancellationToken)
    {
        if (!Directory.EnumerateFiles(checkout.WorkPath, "*" + JobTemplates.Extension).Any())
            return await ReadAsync(checkout.WorkPath, context, UndeclaredValues.Refused, [], cancellationToken);

        var target = Path.Combine(options.RenderedDirectory, $"{checkout.Job.Replace('/', '_')}-{Guid.NewGuid():n}");
        var isUsable = false;
        try
        {
            var diagnostics = await RenderAsync(checkout, context ?? [], target, cancellationToken);
            var job = diagnostics.Exists(IsError)
                ? new LoadedJob(null, target, NoParameters, diagnostics)
                : await ReadAsync(target, context, UndeclaredValues.Ignored, diagnostics, cancellationToken);
            isUsable = job.Pipeline is not null;
            return isUsable ? job : job with { WorkPath = checkout.WorkPath };
        }
        finally
        {
            if (!isUsable)
                RenderedJobs.Delete(options, target);
        }
    }

    private async Task<LoadedJob> ReadAsync(
        string workPath, JsonObject? context, UndeclaredValues undeclared, IReadOnlyList<Diagnostic> found, CancellationToken cancellationToken)
    {
        var file = await PipelineFile.ReadAsync(Path.Combine(workPath, "main.yml"), parser, cancellationToken);
        if (file.Text is not { } text)
            return new LoadedJob(null, workPath, NoParameters, [.. found, file.Problem!]);
        var parsed = PipelineParser.Parse(text, "main.yml", parser);
        var binding = ParameterBinder.Bind(parsed.Pipeline?.Parameters ?? [], context, parsed.Pipeline is null ? UndeclaredValues.Ignored : undeclared);
        List<Diagnostic> diagnostics = [.. found, .. parsed.Diagnostics, .. binding.Diagnostics];
        return new LoadedJob(diagnostics.Exists(IsError) ? null : parsed.Pipeline, workPath, binding.Texts, diagnostics) { Values = binding.Values };
    }

    private static bool IsError(Diagnostic diagnostic) => diagnostic.Severity == DiagnosticSeverity.Error;

    /// <summary>SHA-1 over names and contents of the files of a job's directory; equal directories have equal hashes.</summary>
    public static async Task<string> SourceHashAsync(string workPath, CancellationToken cancellationToken)
    {
        var files = FileTree.Unconfined.Files(workPath, cancellationToken).Order(StringComparer.Ordinal).ToList();
        var names = string.Join('\n', files.Select(f => Path.GetRelativePath(workPath, f)));
        return TaskHash.Text(names + await TaskHash.FilesAsync(files, cancellationToken));
    }

    private static async Task<List<Diagnostic>> RenderAsync(
        JobCheckout checkout, JsonObject context, string target, CancellationToken cancellationToken)
    {
        var diagnostics = new List<Diagnostic>();
        Directory.CreateDirectory(target);
        var values = (JsonObject)context.DeepClone();
        if (!values.ContainsKey("name"))
            values["name"] = checkout.Job.Split('/')[^1];
        // What is rendered comes last, and so replaces a plain file of that name: clients that create a job get an empty
        // main.yml with it before they upload main.yml.jinja2.
        var entries = new DirectoryInfo(checkout.WorkPath).EnumerateFileSystemInfos();
        foreach (var entry in entries.OrderBy(e => e.Name.EndsWith(JobTemplates.Extension, StringComparison.Ordinal)))
        {
            if (entry is not FileInfo file || !file.Name.EndsWith(JobTemplates.Extension, StringComparison.Ordinal))
            {
                if (RegularFile.Look(entry.FullName).Kind is FileKind.Regular or FileKind.Directory)
                    await FileCopy.ReplaceAsync(entry.FullName, Path.Combine(target, entry.Name), cancellationToken);
                continue;
            }
            if (file.Length > MaxTemplateBytes)
            {
                diagnostics.Add(new Diagnostic(DiagnosticSeverity.Error, file.Name, 0, 0, "TemplateTooLarge",
                    $"'{file.Name}' holds {file.Length} bytes; a template may hold {MaxTemplateBytes}."));
                continue;
            }
            using var reader = new StreamReader(RegularFile.OpenStream(file.FullName));
            var rendered = JobTemplates.Render(await reader.ReadToEndAsync(cancellationToken), values, file.Name);
            diagnostics.AddRange(rendered.Diagnostics);
            if (rendered.Text is not { } text)
                continue;
            var path = Path.Combine(target, file.Name[..^JobTemplates.Extension.Length]);
            // A copied file may be read-only, as it is in the checkout.
            File.Delete(path);
            await File.WriteAllTextAsync(path, text, new UTF8Encoding(false), cancellationToken);
        }
        return diagnostics;
    }
}

using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Chores;
using Odin.Cli.Runs;
using Odin.Pipelines;
using Odin.Pipelines.Yaml;

namespace Odin.Cli.Chores;

/// <summary><c>odin chore yaml2json</c>.</summary>
internal sealed class YamlToJsonCommand : TaskCommand
{
    private static readonly Option<int> Indent = new("--indent") { Description = "Blanks per level; 0 puts all on one line. Default 2.", DefaultValueFactory = _ => 2, HelpName = "N" };

    public YamlToJsonCommand(CliSession session)
        : base(session, "yaml2json", "Writes a YAML file as JSON.")
    {
        Add(ConversionOptions.Source);
        Add(Indent);
        Add(ConversionOptions.Target);
    }

    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var file = parse.GetRequiredValue(ConversionOptions.Source);
        var (value, diagnostics) = YamlConversion.Parse(await ReadTextAsync(file, cancellationToken), Path.GetFileName(file));
        if (diagnostics.Any(d => d.Severity == DiagnosticSeverity.Error))
            throw new CliException(ExitCode.InvalidPipeline, string.Join('\n', diagnostics));
        var indent = Math.Clamp(parse.GetValue(Indent), 0, 16);
        var options = new JsonSerializerOptions { WriteIndented = indent > 0, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        if (indent > 0)
            options.IndentSize = indent;
        await WriteTextAsync(parse.GetValue(ConversionOptions.Target), (value?.ToJsonString(options) ?? "null") + "\n", cancellationToken);
        return ExitCode.Success;
    }
}

/// <summary><c>odin chore json2yaml</c>.</summary>
internal sealed class JsonToYamlCommand : TaskCommand
{
    private static readonly Option<bool> Flow = new("--default-flow") { Description = "Write {a: 1} instead of one line for each entry." };
    private static readonly Option<int?> Indent = new("--indent") { Description = "Accepted for old scripts; it is always 2.", HelpName = "N" };

    public JsonToYamlCommand(CliSession session)
        : base(session, "json2yaml", "Writes a JSON file as YAML.")
    {
        Add(ConversionOptions.Source);
        Add(Indent);
        Add(Flow);
        Add(ConversionOptions.Target);
    }

    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var file = parse.GetRequiredValue(ConversionOptions.Source);
        JsonNode? value;
        try
        {
            value = JsonNode.Parse(await ReadTextAsync(file, cancellationToken));
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCode.InvalidPipeline, $"{file}:{e.LineNumber + 1}:{e.BytePositionInLine + 1}: error: not valid JSON");
        }
        await WriteTextAsync(parse.GetValue(ConversionOptions.Target), YamlConversion.Write(value, parse.GetValue(Flow)), cancellationToken);
        return ExitCode.Success;
    }
}

/// <summary><c>odin chore render-jinja2</c>.</summary>
internal sealed class RenderTemplateCommand : TaskCommand
{
    public RenderTemplateCommand(CliSession session)
        : base(session, "render-jinja2", "Fills a template with the values of --x:NAME VALUE.")
    {
        Examples = ["odin chore render-jinja2 main.yml.jinja2 --x:depth 3 --out main.yml"];
        Add(ConversionOptions.Source);
        Add(RunOptions.TemplateValue);
        Add(ConversionOptions.Target);
    }

    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var file = parse.GetRequiredValue(ConversionOptions.Source);
        var context = TemplateArguments.ToContext(Session.TemplateArguments);
        var result = JobTemplates.Render(await ReadTextAsync(file, cancellationToken), context, Path.GetFileName(file));
        if (result.Text is null)
            throw new CliException(ExitCode.InvalidPipeline, string.Join('\n', result.Diagnostics));
        await WriteTextAsync(parse.GetValue(ConversionOptions.Target) ?? OldTarget(file), result.Text, cancellationToken);
        return ExitCode.Success;
    }

    // The original writes main.yml beside main.yml.jinja2.
    private string? OldTarget(string file) =>
        Session.StockAlias && file.EndsWith(JobTemplates.Extension, StringComparison.Ordinal) ? file[..^JobTemplates.Extension.Length] : null;
}

/// <summary>What the conversions have in common.</summary>
internal static class ConversionOptions
{
    public static Argument<string> Source { get; } = new("FILE") { Description = "The file to read; - is standard input." };

    public static Option<string?> Target { get; } = new("--out", "-o") { Description = "Where to write; standard output unless given.", HelpName = "FILE" };
}

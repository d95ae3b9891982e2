using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Odin.Execution;
using Odin.Pipelines;

namespace Odin.Tests.Pipelines;

/// <summary>The reference page says what the code does: its examples parse, its tables are complete.</summary>
public sealed partial class PipelineReferenceTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(PipelineSamples.Directory, "../../../docs/reference/pipeline.md"));

    [Fact]
    public void Examples_OfThePage_AllParseWithoutAWarning()
    {
        var examples = Fences().Matches(Page).Where(match => match.Groups[1].Value == "yaml").Select(match => match.Groups[2].Value).ToList();

        Assert.True(examples.Count >= 8, $"There are only {examples.Count} examples.");
        Assert.All(examples, example => Assert.Empty(PipelineParser.Parse(example).Diagnostics));
    }

    [Fact]
    public void TemplateExample_OfThePage_RendersToAPipeline()
    {
        var template = Fences().Matches(Page).Single(match => match.Groups[1].Value == "jinja").Groups[2].Value;

        var result = JobTemplates.Render(template, new JsonObject { ["image"] = "own" }, "main.yml.jinja2");

        Assert.Empty(result.Diagnostics);
        Assert.Equal(2, PipelineSamples.Parse(result.Text!).Tasks.Count);
    }

    [Fact]
    public void Tables_OfThePage_NameEveryKeyCodeVariableAndType()
    {
        var codes = typeof(DiagnosticCodes).GetFields().Select(field => (string)field.GetRawConstantValue()!).ToList();
        var expected = TaskReader.Keys.Concat(codes).Concat(PipelineVariables.All).Concat(ResourceTypes.BySpelling.Keys);

        Assert.All(expected, word => Assert.Contains($"`{word}`", Page, StringComparison.Ordinal));
        Assert.Equal(codes.Order(StringComparer.OrdinalIgnoreCase), Regex.Matches(Page[Page.IndexOf("## Diagnostics", StringComparison.Ordinal)..], @"^\| `(\w+)`", RegexOptions.Multiline).Select(match => match.Groups[1].Value).Order(StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public void Render_BadTemplate_GivesADiagnosticWithThePlace()
    {
        var diagnostic = Assert.Single(JobTemplates.Render("a\n{{ b.c }}", [], "main.yml.jinja2").Diagnostics);

        Assert.Equal(("main.yml.jinja2", 2, DiagnosticCodes.TemplateError), (diagnostic.File, diagnostic.Line, diagnostic.Code));
    }

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();
}

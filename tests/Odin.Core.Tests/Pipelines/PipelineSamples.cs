using System.Runtime.CompilerServices;
using Odin.Pipelines;

namespace Odin.Tests.Pipelines;

/// <summary>Texts that several tests read.</summary>
internal static class PipelineSamples
{
    /// <summary>The smallest pipeline, to be followed by more keys of its task.</summary>
    public const string OneTask = "tasks:\n- name: a\n  image: busybox\n  command: run\n";

    /// <summary>The directory of this file in the sources.</summary>
    public static string Directory { get; } = Path.GetDirectoryName(ThisFile())!;

    public static string Read(string sample) => File.ReadAllText(Path.Combine(Directory, "Samples", sample, "main.yml"));

    /// <summary>Parses and insists on no error.</summary>
    public static Pipeline Parse(string yaml)
    {
        var result = PipelineParser.Parse(yaml);
        Assert.True(result.Pipeline is not null, string.Join("\n", result.Diagnostics));
        return result.Pipeline;
    }

    /// <summary>The first task of a pipeline with one task and these further lines.</summary>
    public static PipelineTask Task(string lines) => Parse(OneTask + lines).Tasks[0];

    /// <summary>The errors as <c>line:column Code</c>.</summary>
    public static IReadOnlyList<string> Errors(string yaml) =>
        [.. PipelineParser.Parse(yaml).Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => $"{d.Line}:{d.Column} {d.Code}")];

    /// <summary>The only error of a text.</summary>
    public static Diagnostic Error(string yaml) => Assert.Single(PipelineParser.Parse(yaml).Diagnostics, d => d.Severity == DiagnosticSeverity.Error);

    private static string ThisFile([CallerFilePath] string path = "") => path;
}

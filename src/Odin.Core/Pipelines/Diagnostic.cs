namespace Odin.Pipelines;

/// <summary>How bad a <see cref="Diagnostic"/> is.</summary>
public enum DiagnosticSeverity
{
    /// <summary>The pipeline runs all the same.</summary>
    Warning,

    /// <summary>The pipeline is refused.</summary>
    Error,
}

/// <summary>Something wrong in a file, with its place and what to do about it.</summary>
/// <param name="File">Relative to the job's directory.</param>
/// <param name="Line">From 1; 0 when the file as a whole is meant.</param>
/// <param name="Column">From 1; 0 when the file as a whole is meant.</param>
/// <param name="Code">CamelCase and stable: <c>UnknownKey</c>, <c>DependencyCycle</c>.</param>
public sealed record Diagnostic(
    DiagnosticSeverity Severity, string File, int Line, int Column, string Code, string Message)
{
    /// <summary><c>main.yml:3:5: error: … [UnknownKey]</c>; without the place when the file as a whole is meant.</summary>
    public override string ToString()
    {
        var place = Line == 0 ? File : $"{File}:{Line}:{Column}";
        return $"{place}: {(Severity == DiagnosticSeverity.Error ? "error" : "warning")}: {Message} [{Code}]";
    }
}

/// <summary>The result of reading a definition: a pipeline if there was no error, and every diagnostic.</summary>
public sealed record PipelineParseResult(Pipeline? Pipeline, IReadOnlyList<Diagnostic> Diagnostics);

using System.Text.Json.Nodes;
using Odin.Templates;

namespace Odin.Pipelines;

/// <summary>The rendered file, or what is wrong with it.</summary>
public sealed record JobTemplateResult(string? Text, IReadOnlyList<Diagnostic> Diagnostics);

/// <summary>Renders the <c>*.jinja2</c> files of a job before they are read.</summary>
public static class JobTemplates
{
    /// <summary>How the files that are rendered end; what is rendered loses it.</summary>
    public const string Extension = ".jinja2";

    /// <param name="file">For the diagnostics: the path relative to the job's directory.</param>
    public static JobTemplateResult Render(string template, JsonObject context, string file)
    {
        var (text, error) = TemplateEngine.Render(template, context);
        return error is null
            ? new JobTemplateResult(text, [])
            : new JobTemplateResult(null, [new Diagnostic(DiagnosticSeverity.Error, file, error.Line, error.Column, DiagnosticCodes.TemplateError, error.Message)]);
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;
using Odin.Pipelines;
using Odin.Server.Lifecycle;

namespace Odin.Server.Hosting;

/// <summary>
/// The body of every error answer. Always JSON: the inherited client takes anything else for an expired login. It also
/// needs the top-level member <c>status</c> to see that an answer is an error.
/// </summary>
/// <param name="Detail">What was wrong and what to do about it, for people.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">The name of the HTTP status.</param>
/// <param name="Type"><c>about:blank</c>: the status says all.</param>
/// <param name="Errors">Each single thing that was wrong, with its place.</param>
public sealed record Problem(string Detail, int Status, string Title, string Type, IReadOnlyList<ProblemItem> Errors)
{
    /// <summary>The body for a status.</summary>
    public static Problem Create(int status, string detail, IReadOnlyList<ProblemItem>? errors = null) =>
        new(detail, status, ReasonPhrases.GetReasonPhrase(status), "about:blank", errors ?? []);

    internal static IResult Result(int status, string detail, IReadOnlyList<ProblemItem>? errors = null) =>
        TypedResults.Json(Create(status, detail, errors), RelaxedProblemJson.Context.Problem, "application/problem+json", status);

    internal static IResult NotFound(string detail) => Result(StatusCodes.Status404NotFound, detail);

    /// <summary>Everything that is wrong with a job or a request for a run.</summary>
    internal static IResult Refused(IReadOnlyList<Diagnostic> diagnostics)
    {
        var items = diagnostics.Select(ProblemItem.From).ToList();
        var errors = items.Where(i => i.Severity == "error").ToList();
        var detail = errors is [var only] ? only.ToString() : $"{errors.Count} errors:\n{string.Join('\n', errors)}";
        return Result(StatusCodes.Status400BadRequest, detail, items);
    }

    internal static Task WriteAsync(HttpContext context, int status, string detail, IReadOnlyList<ProblemItem>? errors = null) =>
        // The clients of the inherited API of models read a message, and nothing else.
        (context.Request.Path.StartsWithSegments("/api") || context.Request.Path.StartsWithSegments("/swagger") || context.Request.Path.StartsWithSegments(ServiceCatalog.CatalogEndpoints.Root) ? LifecycleEndpoints.Message(detail, status) : Result(status, detail, errors)).ExecuteAsync(context);
}

/// <summary>One thing that was wrong.</summary>
/// <param name="Code">CamelCase and stable.</param>
public sealed record ProblemItem(string Code, string Message)
{
    /// <summary><c>error</c> or <c>warning</c>.</summary>
    public string Severity { get; init; } = "error";

    /// <summary>The file, relative to the job; null when it is not about a file.</summary>
    public string? File { get; init; }

    /// <summary>From 1.</summary>
    public int? Line { get; init; }

    /// <summary>From 1.</summary>
    public int? Column { get; init; }

    /// <summary>The member of the body or the query, with dots; null when it is about a file.</summary>
    public string? Location { get; init; }

    internal static ProblemItem From(Diagnostic diagnostic) => new(diagnostic.Code, diagnostic.Message)
    {
        Severity = diagnostic.Severity == DiagnosticSeverity.Error ? "error" : "warning",
        File = diagnostic.File,
        Line = diagnostic.Line == 0 ? null : diagnostic.Line,
        Column = diagnostic.Column == 0 ? null : diagnostic.Column,
    };

    /// <summary><c>main.yml:3:5: …</c></summary>
    public override string ToString() => (File, Line) switch
    {
        (null, _) => Message,
        (_, null) => $"{File}: {Message}",
        _ => $"{File}:{Line}:{Column}: {Message}",
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ProblemJson : JsonSerializerContext;

internal static class RelaxedProblemJson
{
    /// <summary>Quotes and letters of every language as they are: the answers are JSON files, never parts of a web page.</summary>
    public static ProblemJson Context { get; } = new(new JsonSerializerOptions(ProblemJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = null,
    });
}

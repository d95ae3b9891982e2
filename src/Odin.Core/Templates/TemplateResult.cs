namespace Odin.Templates;

/// <summary>A rendered text, or why there is none.</summary>
public sealed record TemplateResult(string? Text, TemplateError? Error);

/// <summary>What is wrong with a template, and where; line and column count from 1.</summary>
public sealed record TemplateError(int Line, int Column, string Message);

/// <summary>Bounds of one rendering. Every one that is passed is an error, never a hang or a crash.</summary>
public sealed record TemplateLimits
{
    public static TemplateLimits Default { get; } = new();

    /// <summary>Evaluated expressions, loop passes and characters in units of 64. Default 1,000,000.</summary>
    public int MaxSteps { get; init; } = 1_000_000;

    /// <summary>Characters of the output, and of any text on the way. Default 10,000,000.</summary>
    public int MaxOutput { get; init; } = 10_000_000;

    /// <summary>A name that is not in the context is an error instead of nothing. Default: it is nothing, as in Jinja2.</summary>
    public bool AllNamesAreKnown { get; init; }

    /// <summary>Blocks or brackets in each other, and lists and maps in each other. Default 50.</summary>
    public int MaxDepth { get; init; } = 50;
}

/// <summary>Ends a rendering; <see cref="TemplateEngine"/> makes a <see cref="TemplateError"/> of it.</summary>
internal sealed class TemplateException(TemplatePosition position, string message) : Exception(message)
{
    public TemplatePosition Position => position;
}

internal readonly record struct TemplatePosition(int Line, int Column);

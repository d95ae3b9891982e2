namespace Odin.Pipelines;

/// <summary>Bounds of a definition, and what the reader knows beyond the file.</summary>
public sealed record PipelineParserOptions
{
    /// <summary>The defaults.</summary>
    public static PipelineParserOptions Default { get; } = new();

    /// <summary>Size of the file in UTF-8. Default 1 MiB.</summary>
    public int MaxBytes { get; init; } = 1024 * 1024;

    /// <summary>Levels of lists and maps in each other. Default 64.</summary>
    public int MaxDepth { get; init; } = 64;

    /// <summary>Values after aliases are written out, keys included. Default 200,000.</summary>
    public int MaxNodes { get; init; } = 200_000;

    /// <summary>Default 20,000.</summary>
    public int MaxTasks { get; init; } = 20_000;

    /// <summary>The allowed values of <c>executor</c>; null (the default): any name.</summary>
    public IReadOnlyCollection<string>? Executors { get; init; }
}

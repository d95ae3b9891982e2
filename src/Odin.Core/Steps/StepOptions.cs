namespace Odin.Steps;

/// <summary>Where work in steps is done.</summary>
public sealed record StepOptions
{
    /// <summary>Absolute; below it a directory for each resource, and in that one for each attempt. Programs on other machines see it too.</summary>
    public required string Directory { get; init; }

    /// <summary>How often a step of the server's own is begun before it counts as what stops the servers.</summary>
    public int MostBegun { get; init; } = 10;

    /// <summary>How many passes over resources of one kind go on at the same time.</summary>
    public int Workers { get; init; } = 4;
}

using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>A kind of small step that runs inside a task: copies a file, commits, tells somebody.</summary>
public interface IChore
{
    /// <summary>The value of <c>type</c> in a chores file: <c>git-add</c>.</summary>
    string Type { get; }

    /// <summary>What it takes; any other argument is refused.</summary>
    IReadOnlyList<ChoreParameter> Parameters { get; }

    /// <summary>Does it.</summary>
    /// <exception cref="ChoreException">It cannot be done; the message says why.</exception>
    Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken);
}

/// <summary>One argument that a chore takes.</summary>
/// <param name="Default">What counts when the argument is absent; null: there is no default, the chore gets null.</param>
public sealed record ChoreParameter(string Name, string Description, JsonNode? Default = null);

/// <summary>How a chore ended, if it did not fail.</summary>
public abstract record ChoreResult
{
    private ChoreResult()
    {
    }

    /// <summary>It did its work; others may refer to the value.</summary>
    public sealed record Done(JsonNode? Value) : ChoreResult;

    /// <summary>There was nothing to do; everything that depends on it is left out too.</summary>
    public sealed record Skipped(string Reason) : ChoreResult;
}

/// <summary>A chore cannot be done. The message names what was wrong and what to do.</summary>
public sealed class ChoreException : Exception
{
    public ChoreException(string message)
        : base(message)
    {
    }

    public ChoreException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

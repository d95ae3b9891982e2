namespace Odin.Execution;

/// <summary>An executor could not ask its back end: a cluster that does not answer, or that refuses us. Asking again may help.</summary>
public sealed class ExecutorUnavailableException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>When to ask again; null: the back end has not said.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

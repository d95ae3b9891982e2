namespace Odin.Execution;

/// <summary>A back end said no to what was asked of it: it is not allowed, or makes no sense there. Asking again does not help.</summary>
/// <param name="message">The back end's words.</param>
/// <param name="inner">What it came from.</param>
public sealed class ExecutorRefusedException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Whoever asked has asked for something wrong; else it is we who may not.</summary>
    public bool IsCallersMistake { get; init; }
}

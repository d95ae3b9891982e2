namespace Odin.Cli;

/// <summary>An expected end of a command: what went wrong, what to type next, and the exit code.</summary>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="message">May have several lines.</param>
/// <param name="hint">What to do next; null when there is nothing to say.</param>
internal sealed class CliException(int exitCode, string message, string? hint = null) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public string? Hint { get; } = hint;
}

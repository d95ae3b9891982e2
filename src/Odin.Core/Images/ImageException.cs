namespace Odin.Images;

/// <summary>An image could not be read, built or stored. The message says what went wrong and what to do, and holds no secret.</summary>
/// <param name="isPassing">Whether the same may succeed later: unreachable, busy, out of room.</param>
public class ImageException(string message, bool isPassing, Exception? inner = null) : Exception(message, inner)
{
    public bool IsPassing { get; } = isPassing;

    /// <summary>The status code of the registry's answer; 0: there was none.</summary>
    public int Status { get; init; }

    /// <summary>How long the registry wants to be left alone; null: it did not say.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}

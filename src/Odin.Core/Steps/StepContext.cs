using System.Globalization;
using System.Text;
using Odin.Execution;
using Odin.Files;

namespace Odin.Steps;

/// <summary>The place of one attempt, and the log of the step that is worked on.</summary>
public sealed class StepContext(string attempt, string directory, WorkStep step, LogStore logs, TimeProvider time)
{
    public string Attempt { get; } = attempt;

    /// <summary>What only the server sees, in its own hands; gone with the attempt.</summary>
    public string Private { get; } = Path.Combine(directory, "private");

    /// <summary>Where the program works.</summary>
    public string Workspace { get; } = Path.Combine(directory, "workspace");

    public WorkStep Step { get; } = step;

    /// <summary>Writes a line into the log of the step.</summary>
    public Task LogAsync(string text, CancellationToken cancellationToken, string level = "INFO")
    {
        var stamp = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        return logs.AppendAsync(StepNames.LogOf(Attempt, Step), Encoding.UTF8.GetBytes($"[odin][{level}] {stamp} - {text}\n"), cancellationToken);
    }

    /// <summary>An empty workspace, whatever an earlier begin of the step has left.</summary>
    internal void Clear()
    {
        DirectoryRemoval.Delete(Private);
        DirectoryRemoval.Delete(Workspace);
        Directory.CreateDirectory(Workspace);
        OwnerOnly.CreateDirectory(Private);
    }
}

namespace Odin.Execution.Processes;

/// <summary>Finds the file of a command as the system would, to say exactly what is wrong when it is not there.</summary>
internal static class CommandResolver
{
    /// <summary>The absolute path of the command, or why it cannot be run.</summary>
    /// <param name="command">A name to look for on <paramref name="searchPath"/>, or a path with a slash in it.</param>
    /// <param name="workingDirectory">What relative paths start from.</param>
    /// <param name="searchPath">The PATH of the task.</param>
    public static (string? Path, ExecutionOutcome? Problem) Resolve(string command, string workingDirectory, string searchPath)
    {
        if (command.Contains('/'))
            return Check(command, Path.Combine(workingDirectory, command));
        string? notExecutable = null;
        foreach (var directory in command.Length == 0 ? [] : searchPath.Split(':'))
        {
            var candidate = Path.Combine(workingDirectory, directory, command);
            if (!File.Exists(candidate))
                continue;
            if (Native.Access(candidate, Native.Executable) == 0)
                return (candidate, null);
            notExecutable ??= candidate;
        }
        return notExecutable is not null
            ? Check(command, notExecutable)
            : (null, NotFound($"the command \"{command}\" was not found on PATH ({searchPath}): install it or give the full path{WithoutPrograms()}"));
    }

    /// <summary>
    /// Whether the shim's shell does exactly the same without loading another program, which is half of the cost of a
    /// short task. All other commands are given to it as paths, so that it never takes one of its own for them.
    /// </summary>
    public static bool IsTheShellsOwn(IReadOnlyList<string> command, string path) =>
        command is ["true" or "false"] && (path == "/usr/bin/" + command[0] || path == "/bin/" + command[0]);

    private static (string?, ExecutionOutcome?) Check(string command, string path)
    {
        if (Directory.Exists(path))
            return (null, NotExecutable($"the command \"{command}\" is a directory"));
        if (!File.Exists(path))
            return (null, NotFound($"the command \"{path}\" does not exist: install it or correct the path{WithoutPrograms()}"));
        return Native.Access(path, Native.Executable) == 0
            ? (path, null)
            : (null, NotExecutable($"the command \"{path}\" is not executable: allow it with chmod +x, or give the program that reads it first"));
    }

    // As in the image of the server itself: then it is not this program that is missing, but all of them.
    private static string WithoutPrograms() => File.Exists(ProcessLauncher.Shell)
        ? ""
        : $"; the machine of the server has no programs at all, not even {ProcessLauncher.Shell}, as an image without a shell: run the task with executor: kubernetes";

    private static ExecutionOutcome NotFound(string message) => new(ExecutionPhase.Failed, ExecutionReasons.CommandNotFound, message);

    private static ExecutionOutcome NotExecutable(string message) => new(ExecutionPhase.Failed, ExecutionReasons.CommandNotExecutable, message);
}

namespace Odin.Execution.Processes;

/// <summary>How programs run on this machine.</summary>
public sealed record ProcessExecutorOptions
{
    /// <summary>Where the state of executions is kept; made if it does not exist.</summary>
    public required string Directory { get; init; }

    /// <summary>How many programs run at once; the others wait. Default: twice the processors, at least 4.</summary>
    public int MaxParallelTasks { get; init; } = Math.Max(4, 2 * Environment.ProcessorCount);

    /// <summary>
    /// Names of variables that tasks inherit from the server, beside those that every program needs (PATH, HOME, locale,
    /// proxies, certificates, CUDA, virtual environments). Nothing else of the server's environment reaches a task.
    /// </summary>
    public IReadOnlyList<string> AllowedEnvironment { get; init; } = [];

    /// <summary>Directories of programs of ours that come last on the PATH of tasks, whoever has set that.</summary>
    public IReadOnlyList<string> ProgramDirectories { get; init; } = [];

    /// <summary>Threads that start programs; each start blocks one for about 0.3 ms. Default 2.</summary>
    public int LauncherThreads { get; init; } = 2;

    /// <exception cref="ArgumentException">A value makes no sense; the message says which.</exception>
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(Directory))
            throw new ArgumentException("The directory for executions is not set.");
        if (MaxParallelTasks < 1)
            throw new ArgumentException($"{nameof(MaxParallelTasks)} is {MaxParallelTasks}: at least one task must be allowed to run.");
        if (LauncherThreads < 1)
            throw new ArgumentException($"{nameof(LauncherThreads)} is {LauncherThreads}: at least one is needed.");
    }
}

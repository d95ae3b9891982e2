namespace Odin.Runs;

/// <summary>Reasons that the engine itself gives to tasks and runs. They are part of the API: never rename one.</summary>
public static class TaskReasons
{
    public const string DependencyFailed = nameof(DependencyFailed);
    public const string RunStopped = nameof(RunStopped);
    public const string EarlyExit = nameof(EarlyExit);
    public const string Cancelled = nameof(Cancelled);
    public const string Cached = nameof(Cached);
    public const string Reused = nameof(Reused);
    public const string BadReference = nameof(BadReference);
    public const string RetryBackoff = nameof(RetryBackoff);
    public const string UnknownExecutor = nameof(UnknownExecutor);
    public const string BadOutputs = nameof(BadOutputs);

    /// <summary>Of an event: the task succeeded, but its outputs could not be kept.</summary>
    public const string OutputsNotCached = nameof(OutputsNotCached);

    /// <summary>
    /// Of a run: its workspace could not be made (disk full, read-only), or what it takes over is gone. Of a task: another
    /// task has put something in the way of the engine's files in the workspace.
    /// </summary>
    public const string WorkspaceFailed = nameof(WorkspaceFailed);

    /// <summary>Of a run: a task failed.</summary>
    public const string TaskFailed = nameof(TaskFailed);
}

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

    /// <summary>Of a run: its workspace could not be made; disk full, or read-only.</summary>
    public const string WorkspaceFailed = nameof(WorkspaceFailed);

    /// <summary>Of a run: a task failed.</summary>
    public const string TaskFailed = nameof(TaskFailed);
}

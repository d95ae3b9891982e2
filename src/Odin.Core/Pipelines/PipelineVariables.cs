namespace Odin.Pipelines;

/// <summary>The variables that every task has; see <see cref="VariableSubstitution"/>.</summary>
public static class PipelineVariables
{
    /// <summary>The checked-out repository of jobs.</summary>
    public const string RootPath = "ROOT_PATH";

    /// <summary>The directory of the job in it.</summary>
    public const string WorkPath = "WORK_PATH";

    /// <summary>The server's directory for data.</summary>
    public const string DataPath = "DATA_PATH";

    /// <summary>The workspace of the run.</summary>
    public const string RunPath = "RUN_PATH";

    /// <summary>The directory of the task in it.</summary>
    public const string TaskPath = "TASK_PATH";

    /// <summary>The id of the run.</summary>
    public const string PipeId = "PIPE_ID";

    /// <summary>The id of the task: <c>{run}--{task}</c>.</summary>
    public const string TaskId = "TASK_ID";

    /// <summary>The name of the task in the file.</summary>
    public const string TaskName = "TASK_NAME";

    /// <summary>The ids of all tasks, as a Python list.</summary>
    public const string TaskIds = "TASK_IDS";

    public static IReadOnlyList<string> All { get; } =
        [RootPath, WorkPath, DataPath, RunPath, TaskPath, PipeId, TaskId, TaskName, TaskIds];
}

namespace Odin.Runs;

/// <summary>Settings of the engine's runs. All directories are absolute.</summary>
public sealed class RunOptions
{
    /// <summary><c>DATA_PATH</c>: holds one workspace a run.</summary>
    public required string WorkspaceDirectory { get; set; }

    /// <summary>Where jobs with templates are rendered.</summary>
    public required string RenderedDirectory { get; set; }

    /// <summary>The executor of tasks that name none. Default <c>process</c>.</summary>
    public string DefaultExecutor { get; set; } = "process";

    /// <summary>How many tasks are handed to the executors in one transaction. Default 500.</summary>
    public int StartBatch { get; set; } = 500;

    /// <summary>How many runs are looked at at the same time. Default 16.</summary>
    public int Workers { get; set; } = 16;

    /// <summary>Finished runs go at this age, with their logs and workspaces. Default 30 days; zero: never.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);
}

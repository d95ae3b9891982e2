using Odin.Batch;
using Odin.Connections;
using Odin.Deployments;
using Odin.Execution;
using Odin.Execution.Processes;
using Odin.Feedback;
using Odin.Git;
using Odin.Packagings;
using Odin.Pipelines;
using Odin.Storage;
using Odin.Trainings;

namespace Odin;

/// <summary>Settings of an engine in this process; everything has a default that needs nothing installed but git.</summary>
public sealed class OdinOptions
{
    /// <summary>Where everything is kept. Default: <see cref="DefaultDataDirectory"/>.</summary>
    public string DataDirectory { get; set; } = DefaultDataDirectory;

    /// <summary>The database; SQLite in the data directory by default.</summary>
    public StorageOptions Storage { get; } = new();

    /// <summary>The repository of the jobs; one in the data directory by default.</summary>
    public GitOptions Git { get; } = new();

    /// <summary>Takes jobs from this directory as it is, instead of from a repository. Null: from the repository.</summary>
    public string? JobDirectory { get; set; }

    /// <summary><c>DATA_PATH</c>: the workspaces of the runs. Default: <c>workspaces</c> in the data directory.</summary>
    public string? WorkspaceDirectory { get; set; }

    /// <summary>
    /// Where the files of jobs are laid out for runs, in <c>checkouts</c> and <c>rendered</c>. Default: the data directory. Where
    /// tasks run on other machines it has to be on a volume that they mount: below the workspaces, for the executor
    /// <c>kubernetes</c>.
    /// </summary>
    public string? JobFilesDirectory { get; set; }

    /// <summary>How many processes run at a time. Default: twice the processors, at least 4.</summary>
    public int? MaxParallelTasks { get; set; }

    /// <summary>Variables of this process that tasks may see, beside the usual ones.</summary>
    public IReadOnlyList<string> AllowedEnvironment { get; set; } = [];

    /// <summary>
    /// The directory of the program <c>odin</c>, which tasks find on their PATH. Default: that of this program if it is there.
    /// </summary>
    public string? ProgramDirectory { get; set; } = OdinProgram.FindDirectory();

    /// <summary>How much of each log is kept.</summary>
    public LogOptions Logs { get; set; } = new();

    /// <summary>
    /// What the secrets of connections are sealed with: keys of 32 bytes. The first one seals, the others open what was sealed
    /// with them. Empty: a random key in the data directory.
    /// </summary>
    public IReadOnlyList<byte[]> ConnectionKeys { get; set; } = [];

    /// <summary>Keeps the secrets of connections; null: they are sealed beside the connections.</summary>
    public VaultOptions? Vault { get; set; }

    /// <summary>
    /// Directories of this machine, absolute, that connections may lead to: local ones, and git repositories by path. Null: all.
    /// Who may use a connection reads there, and a local one also writes, with the rights of this process.
    /// </summary>
    public IReadOnlyList<string>? LocalDirectories { get; set; }

    /// <summary>Settings of trainings.</summary>
    public TrainingOptions Trainings { get; set; } = new();

    /// <summary>Settings of packagings.</summary>
    public PackagingOptions Packagings { get; set; } = new();

    /// <summary>Settings of batch jobs.</summary>
    public BatchOptions Batch { get; set; } = new();

    /// <summary>Settings of deployments and their routes.</summary>
    public DeploymentOptions Deployments { get; set; } = new();

    /// <summary>How deployments run on this machine.</summary>
    public ReplicaOptions Replicas { get; set; } = new();

    /// <summary>Settings of recorded predictions and feedback.</summary>
    public FeedbackOptions Feedback { get; set; } = new();

    /// <summary>The executor of tasks that name none. Default <c>process</c>.</summary>
    public string DefaultExecutor { get; set; } = "process";

    /// <summary>The data directory that the environment of this process names, as <see cref="FindDataDirectory"/> reads it.</summary>
    public static string DefaultDataDirectory => FindDataDirectory(Environment.GetEnvironmentVariable);

    /// <summary>
    /// <c>ODIN_DATA</c>; or else <c>odin</c> in the user's data directory by the XDG rules (<c>~/.local/share/odin</c>). An
    /// empty variable counts as not set.
    /// </summary>
    public static string FindDataDirectory(Func<string, string?> environment)
    {
        if (Read("ODIN_DATA") is { } data)
            return data;
        var home = Read("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(Read("XDG_DATA_HOME") ?? Path.Combine(home, ".local", "share"), "odin");

        string? Read(string variable) => environment(variable) is { Length: > 0 } value ? value : null;
    }

    /// <summary>An entry of the data directory, absolute.</summary>
    public string InData(string name) => Path.Combine(Path.GetFullPath(DataDirectory), name);

    /// <summary>An entry of <see cref="JobFilesDirectory"/>, absolute.</summary>
    internal string InJobFiles(string name) => JobFilesDirectory is { } directory ? Path.Combine(Path.GetFullPath(directory), name) : InData(name);
}

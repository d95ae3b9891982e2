using Odin.Execution;

namespace Odin.Pipelines;

/// <summary>One node of a pipeline, as written, before any substitution.</summary>
public sealed record PipelineTask
{
    public required string Name { get; init; }

    public required string Image { get; init; }

    /// <summary>A scalar in the file is a list of one here.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Names of tasks, from <c>depends</c> and from every reference, each once, in order of appearance.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>Files that are read; may hold references. Null: not given.</summary>
    public IReadOnlyList<string>? Inputs { get; init; }

    /// <summary>Files that are produced, by label; giving it switches caching on. Null: not given.</summary>
    public IReadOnlyDictionary<string, OutputPaths>? Outputs { get; init; }

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Null: the task's own directory (<c>TASK_PATH</c>).</summary>
    public string? WorkingDir { get; init; }

    public RetryPolicy Retries { get; init; } = new();

    /// <summary>How long one attempt may run; null: no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long one attempt may wait for its start; null: no limit.</summary>
    public TimeSpan? PendingTimeout { get; init; }

    /// <summary>The back end; null: the server's default.</summary>
    public string? Executor { get; init; }

    /// <summary>One of <see cref="ResourceTypes"/>, in its canonical spelling.</summary>
    public string ResourceType { get; init; } = ResourceTypes.Pod;

    public string PullPolicy { get; init; } = "IfNotPresent";

    public int NumGpus { get; init; }

    public int NumWorkers { get; init; } = 1;

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public IReadOnlyList<VolumeMount> Mounts { get; init; } = [];

    public IReadOnlyList<SecretMount> Secrets { get; init; } = [];

    public IReadOnlyList<ConfigMapMount> ConfigMaps { get; init; } = [];

    public IReadOnlyList<EphemeralVolume> EphemeralVolumes { get; init; } = [];

    public ResourceAmounts? Cpu { get; init; }

    public ResourceAmounts? Memory { get; init; }

    public SecurityContext? SecurityContext { get; init; }

    public IReadOnlyList<Toleration> Tolerations { get; init; } = [];

    /// <summary>Whose rights the program has in the cluster; null: the default of the server's configuration.</summary>
    public string? ServiceAccount { get; init; }
}

/// <summary>One output: a path, or a list of them.</summary>
/// <param name="IsList">Whether the file had a list, so that it is shown as one again.</param>
public sealed record OutputPaths(IReadOnlyList<string> Paths, bool IsList);

/// <summary>How often a failed task is tried again, and after which delay.</summary>
/// <param name="Limit">Further attempts after the first. Default 0.</param>
/// <param name="Backoff">Delay before the second attempt; doubles for each one after. Default 1 s.</param>
/// <param name="MaxBackoff">The longest delay. Default 5 min.</param>
public sealed record RetryPolicy(int Limit, TimeSpan Backoff, TimeSpan MaxBackoff)
{
    public RetryPolicy()
        : this(0, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5))
    {
    }
}

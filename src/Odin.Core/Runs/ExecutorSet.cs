using System.Collections.Frozen;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>The executors of this process, by name.</summary>
public sealed class ExecutorSet
{
    private readonly FrozenDictionary<string, IExecutor> byName;
    private readonly RunOptions options;

    /// <exception cref="ArgumentException">Two have one name, or the default one is missing.</exception>
    public ExecutorSet(IEnumerable<IExecutor> executors, RunOptions options)
    {
        byName = executors.ToFrozenDictionary(e => e.Name, StringComparer.Ordinal);
        this.options = options;
        if (!byName.ContainsKey(options.DefaultExecutor))
            throw new ArgumentException($"The default executor '{options.DefaultExecutor}' does not exist; there are: {string.Join(", ", byName.Keys)}.");
    }

    public IReadOnlySet<string> Names => byName.Keys.ToFrozenSet();

    public IEnumerable<IExecutor> All => byName.Values;

    /// <summary>The executor of a task; checked when the run was submitted.</summary>
    public IExecutor For(TaskRun task) => byName[task.Spec.Task.Executor ?? options.DefaultExecutor];
}

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
    public IExecutor For(TaskRun task) => byName[NameFor(task)];

    /// <summary>False if the settings have changed since the run was submitted.</summary>
    public bool Has(TaskRun task) => byName.ContainsKey(NameFor(task));

    /// <summary>Reason and message for a task whose executor is no longer there.</summary>
    internal (string Reason, string Message) Missing(TaskRun task) => (TaskReasons.UnknownExecutor,
        $"The executor '{NameFor(task)}' is no longer configured; this server has: {string.Join(", ", byName.Keys.Order(StringComparer.Ordinal))}.");

    private string NameFor(TaskRun task) => task.Spec.Task.Executor ?? options.DefaultExecutor;
}

using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Metrics;

/// <summary>Counts the runs and tasks that are under way, when somebody asks for metrics. Ended ones are not counted: there may be millions.</summary>
internal sealed class RunGauges(IResourceStore store)
{
    private static readonly string[] RunPhases = [nameof(RunPhase.Pending), nameof(RunPhase.Running)];
    private static readonly string[] TaskPhases = [nameof(TaskRunPhase.Queued), nameof(TaskRunPhase.Running)];

    /// <summary>Lines of the exposition format.</summary>
    public async Task<string> WriteAsync(CancellationToken cancellationToken) =>
        "# HELP odin_runs Runs that have not ended, by phase.\n# TYPE odin_runs gauge\n"
        + await CountAsync<Run>("odin_runs", RunPhases, cancellationToken)
        + "# HELP odin_tasks Tasks with the executor, by phase.\n# TYPE odin_tasks gauge\n"
        + await CountAsync<TaskRun>("odin_tasks", TaskPhases, cancellationToken);

    private async Task<string> CountAsync<T>(string name, string[] phases, CancellationToken cancellationToken)
        where T : class, Odin.Resources.IResource<T>
    {
        var counts = phases.ToDictionary(p => p, _ => 0);
        await foreach (var item in store.EnumerateAsync<T>(new ResourceQuery { Phases = phases }, cancellationToken))
            counts[item.Phase!]++;
        return string.Concat(phases.Select(p => $"{name}{{phase=\"{p}\"}} {counts[p]}\n"));
    }
}

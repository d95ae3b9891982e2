using Odin.Execution;
using Odin.Kubernetes.Workloads;

namespace Odin.Kubernetes;

// What another server takes care of from now on. It finds everything on the cluster and in the records that are shared.
public sealed partial class KubernetesExecutor
{
    public void Disown(string group)
    {
        lock (gate)
        {
            foreach (var execution in tracked.Values.Where(e => e.Key.Group == group).ToList())
                LetGo(execution);
            LaunchWhatFits();
        }
    }

    // Under the gate. One whose end is being recorded is left to that: it is what the cluster has said.
    private void LetGo(TrackedExecution execution)
    {
        lock (execution.Gate)
        {
            if (execution.IsSettled)
                return;
            execution.IsSettled = true;
        }
        tracked.TryRemove(new KeyValuePair<string, TrackedExecution>(execution.Key.Id, execution));
        if (!slots.Remove(execution) && execution.HasSlot)
            slots.Release();
        execution.Closing.Cancel();
    }

    private void Abandon(TrackedExecution execution)
    {
        lock (gate)
        {
            LetGo(execution);
            LaunchWhatFits();
        }
    }

    // We were stopped between the last question and the request: whoever is in charge may have had it done meanwhile.
    private async Task WithdrawLateAsync(TrackedExecution execution, WorkloadKind kind)
    {
        Abandon(execution);
        if (records.Read(execution.Key) is null or { End: not null })
            await launcher.DeleteAsync(kind, execution.Key.Id, TimeSpan.Zero, closing.Token);
    }

    private static ExecutionStatus Elsewhere(ExecutionKey key) =>
        new() { Key = key, Phase = ExecutionPhase.Queued, Message = "another server is in charge" };
}

namespace Odin.Execution.Processes;

/// <summary>What another process takes care of from now on.</summary>
internal sealed partial class LiveExecutions
{
    public void Disown(string group)
    {
        lock (gate)
        {
            foreach (var execution in executions.Values.Where(e => e.Key.Group == group).ToList())
                LetGo(execution);
            // Only now: a slot that became free must not go to another one of the group.
            Dispatch();
        }
    }

    private void Abandon(Execution execution)
    {
        lock (gate)
        {
            LetGo(execution);
            Dispatch();
        }
    }

    // Nothing is written and nothing published: the other process does so. Our children are still waited for.
    private void LetGo(Execution execution)
    {
        if (execution.IsDisowned)
            return;
        execution.IsDisowned = true;
        if (executions.TryGetValue(execution.Key, out var current) && ReferenceEquals(current, execution))
            executions.Remove(execution.Key);
        running.Remove(execution);
        slots.Remove(execution);
        if (execution.HoldsSlot && execution.Stage is not Stage.Ended)
            slots.Release();
    }
}

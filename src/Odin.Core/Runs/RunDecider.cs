using Odin.Execution;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>Everything that the decision about a run depends on.</summary>
/// <param name="Graph">Nodes are the tasks by <see cref="TaskRunSpec.Index"/>.</param>
/// <param name="Tasks">By index.</param>
/// <param name="IsCancelled">Somebody cancelled the run.</param>
internal sealed record RunFacts(
    TaskGraph Graph,
    IReadOnlyList<TaskRun> Tasks,
    FailurePolicy OnFailure,
    bool IsCancelled,
    DateTimeOffset Now);

/// <summary>What is to be done about a run now.</summary>
internal sealed record RunDecision
{
    /// <summary>Tasks whose dependencies have all succeeded, in file order.</summary>
    public List<int> Start { get; } = [];

    /// <summary>Tasks that will never start, with the phase and reason to give them.</summary>
    public List<EndedTask> End { get; } = [];

    /// <summary>The indexes in <see cref="End"/>.</summary>
    public HashSet<int> Ending { get; } = [];

    /// <summary>Tasks to take back from the executor if they have not started.</summary>
    public List<int> Withdraw { get; } = [];

    /// <summary>Tasks to stop.</summary>
    public List<StoppedTask> Stop { get; } = [];

    /// <summary>How many of <see cref="Start"/> turned out not to be startable; counted by the reconciler.</summary>
    public int Refused { get; set; }

    /// <summary>Set when every task has ended, or does so by <see cref="End"/>.</summary>
    public RunOutcome? Outcome { get; set; }

    /// <summary>The next moment at which the clock alone changes the decision.</summary>
    public DateTimeOffset? WakeAt { get; private set; }

    public void Ends(EndedTask task)
    {
        End.Add(task);
        Ending.Add(task.Index);
    }

    public void Wake(DateTimeOffset at)
    {
        if (WakeAt is not { } earlier || at < earlier)
            WakeAt = at;
    }

    public sealed record EndedTask(int Index, TaskRunPhase Phase, string Reason, string Message);

    public sealed record StoppedTask(int Index, StopReason Reason);
}

/// <summary>How a run ended.</summary>
internal sealed record RunOutcome(RunPhase Phase, string? Reason, string? Message, bool EarlyExit);

/// <summary>
/// Decides what to do about a run, from facts alone: no clock, no store, nothing remembered. One pass costs a few
/// operations per task and dependency.
/// </summary>
internal static class RunDecider
{
    public static RunDecision Decide(RunFacts facts)
    {
        var decision = new RunDecision();
        var summary = Summarise(facts.Tasks);
        var stopping = IsStopping(facts, summary);

        var active = 0;
        foreach (var index in facts.Graph.TopologicalOrder)
        {
            var task = facts.Tasks[index];
            if (task.Status.IsEnded)
                continue;
            if (task.Status.Phase == TaskRunPhase.Waiting)
                DecideWaiting(facts, summary, stopping, index, decision, ref active);
            else
            {
                active++;
                DecideActive(facts, summary, stopping, index, decision);
            }
        }

        if (active == 0 && decision.Start.Count == 0)
            decision.Outcome = Outcome(facts, summary);
        return decision;
    }

    /// <summary>Whether nothing is to be started any more.</summary>
    public static bool IsStopping(RunFacts facts) => IsStopping(facts, Summarise(facts.Tasks));

    private static bool IsStopping(RunFacts facts, Summary summary) => facts.IsCancelled || summary.EarlyExit is not null
        || (summary.FirstFailed is not null && facts.OnFailure != FailurePolicy.Continue);

    private static void DecideWaiting(
        RunFacts facts, Summary summary, bool stopping, int index, RunDecision decision, ref int active)
    {
        if (stopping)
        {
            decision.Ends(NeverStarted(facts, summary, index));
            return;
        }

        var ready = true;
        foreach (var dependency in facts.Graph.Dependencies(index))
        {
            var upstream = facts.Tasks[dependency];
            if (upstream.Status.IsEnded && !upstream.Status.IsSuccess || decision.Ending.Contains(dependency))
            {
                decision.Ends(new(index, TaskRunPhase.Skipped, TaskReasons.DependencyFailed,
                    $"'{upstream.Spec.Task.Name}', which it depends on, did not succeed."));
                return;
            }
            ready &= upstream.Status.IsSuccess;
        }

        if (!ready)
            return; // Something upstream is active or waiting; that keeps the run alive.
        if (facts.Tasks[index].Status.NotBefore is { } notBefore && notBefore > facts.Now)
        {
            active++;
            decision.Wake(notBefore);
            return;
        }
        decision.Start.Add(index);
    }

    private static void DecideActive(RunFacts facts, Summary summary, bool stopping, int index, RunDecision decision)
    {
        var task = facts.Tasks[index];
        if (facts.IsCancelled)
            decision.Stop.Add(new(index, StopReason.Cancelled));
        else if (summary.FirstFailed is not null && facts.OnFailure == FailurePolicy.FailFast)
            decision.Stop.Add(new(index, StopReason.FailFast));
        else if (stopping && task.Status.Started is null)
            decision.Withdraw.Add(index);

        var limits = task.Spec.Task;
        if (task.Status.Started is { } started)
            Deadline(facts, decision, index, started + limits.Timeout, StopReason.Timeout);
        else if (task.Status.Submitted is { } submitted)
            Deadline(facts, decision, index, submitted + limits.PendingTimeout, StopReason.PendingTimeout);
    }

    private static void Deadline(RunFacts facts, RunDecision decision, int index, DateTimeOffset? deadline, StopReason reason)
    {
        if (deadline is not { } at)
            return;
        if (at <= facts.Now)
            decision.Stop.Add(new(index, reason));
        else
            decision.Wake(at);
    }

    private static RunDecision.EndedTask NeverStarted(RunFacts facts, Summary summary, int index)
    {
        if (facts.IsCancelled)
            return new(index, TaskRunPhase.Cancelled, TaskReasons.Cancelled, "The run was cancelled before it started.");
        return summary.FirstFailed is { } failed
            ? new(index, TaskRunPhase.Skipped, TaskReasons.RunStopped,
                $"The run stopped because '{failed.Spec.Task.Name}' failed.")
            : new(index, TaskRunPhase.Skipped, TaskReasons.EarlyExit,
                $"'{summary.EarlyExit!.Spec.Task.Name}' asked for an early exit.");
    }

    private static RunOutcome Outcome(RunFacts facts, Summary summary)
    {
        if (facts.IsCancelled)
            return new(RunPhase.Cancelled, TaskReasons.Cancelled, null, false);
        // Failure wins over an early exit: nobody should take a broken run for a finished one.
        if (summary.LastFailed is { } failed)
            return new(RunPhase.Failed, TaskReasons.TaskFailed, FailureMessage(summary, failed), summary.EarlyExit is not null);
        return new(RunPhase.Succeeded, null, null, summary.EarlyExit is not null);
    }

    private static string FailureMessage(Summary summary, TaskRun failed)
    {
        var text = $"Task `{failed.Id}` failed: {failed.Status.Message ?? failed.Status.Reason}";
        return summary.FailedCount > 1 ? $"{text} ({summary.FailedCount} tasks failed.)" : text;
    }

    private static Summary Summarise(IReadOnlyList<TaskRun> tasks)
    {
        TaskRun? first = null, last = null, early = null;
        var count = 0;
        for (var i = 0; i < tasks.Count; i++)
        {
            var task = tasks[i];
            if (task.Status.Phase == TaskRunPhase.Failed)
            {
                count++;
                if (first is null || task.Status.Finished < first.Status.Finished)
                    first = task;
                if (last is null || task.Status.Finished > last.Status.Finished)
                    last = task;
            }
            else if (early is null && task.Status.IsSuccess && task.Status.RequestsEarlyExit)
                early = task;
        }
        return new Summary(first, last, count, early);
    }

    private sealed record Summary(TaskRun? FirstFailed, TaskRun? LastFailed, int FailedCount, TaskRun? EarlyExit);
}

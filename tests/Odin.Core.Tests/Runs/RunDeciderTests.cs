using Odin.Execution;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Runs;

namespace Odin.Tests.Runs;

public sealed class RunDeciderTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Decide_FreshDiamond_StartsTheRootsOnly()
    {
        var decision = Decide([Task("a"), Task("b", "a"), Task("c", "a"), Task("d", "b", "c"), Task("e")]);

        Assert.Equal([0, 4], decision.Start.Order());
        Assert.Null(decision.Outcome);
    }

    [Fact]
    public void Decide_OneBranchDone_StartsItsChildWithoutWaitingForTheOther()
    {
        var decision = Decide([Task("a") with { Status = Succeeded }, Task("slow") with { Status = Running }, Task("b", "a"), Task("c", "slow")]);

        Assert.Equal([2], decision.Start);
    }

    [Fact]
    public void Decide_CachedDependency_CountsAsSuccess()
    {
        var decision = Decide([Task("a") with { Status = new() { Phase = TaskRunPhase.Cached } }, Task("b", "a")]);

        Assert.Equal([1], decision.Start);
    }

    [Fact]
    public void Decide_FailureWithStop_LetsRunningGoOnAndWithdrawsTheQueued()
    {
        var decision = Decide([Task("a") with { Status = Failed }, Task("b") with { Status = Running }, Task("c") with { Status = Queued }, Task("d")]);

        Assert.Empty(decision.Start);
        Assert.Empty(decision.Stop);
        Assert.Equal([2], decision.Withdraw);
        Assert.Equal((3, TaskRunPhase.Skipped, TaskReasons.RunStopped), Only(decision.End));
        Assert.Null(decision.Outcome);
    }

    [Fact]
    public void Decide_FailureWithFailFast_StopsWhatRuns()
    {
        var decision = Decide([Task("a") with { Status = Failed }, Task("b") with { Status = Running }], FailurePolicy.FailFast);

        Assert.Equal(new RunDecision.StoppedTask(1, StopReason.FailFast), Assert.Single(decision.Stop));
    }

    [Fact]
    public void Decide_FailureWithContinue_SkipsOnlyWhatDependsOnIt()
    {
        var decision = Decide([Task("a") with { Status = Failed }, Task("b", "a"), Task("c", "b"), Task("d")], FailurePolicy.Continue);

        Assert.Equal([3], decision.Start);
        Assert.Equal([(1, TaskRunPhase.Skipped), (2, TaskRunPhase.Skipped)], decision.End.Select(e => (e.Index, e.Phase)));
        Assert.All(decision.End, e => Assert.Equal(TaskReasons.DependencyFailed, e.Reason));
    }

    [Fact]
    public void Decide_EverythingEnded_HasAnOutcome()
    {
        Assert.Equal(RunPhase.Succeeded, Decide([Task("a") with { Status = Succeeded }]).Outcome!.Phase);
        Assert.Equal(RunPhase.Failed, Decide([Task("a") with { Status = Succeeded }, Task("b") with { Status = Failed }]).Outcome!.Phase);
        Assert.Equal(RunPhase.Succeeded, Decide([]).Outcome!.Phase);
    }

    [Fact]
    public void Decide_TwoFailures_TheLastToFinishOwnsTheMessage()
    {
        var early = Failed with { Finished = Now, Message = "exit code 1" };
        var late = Failed with { Finished = Now.AddSeconds(1), Message = "exit code 2" };
        var outcome = Decide([Task("a") with { Status = late }, Task("b") with { Status = early }]).Outcome!;

        Assert.Contains("r--a", outcome.Message, StringComparison.Ordinal);
        Assert.Contains("exit code 2", outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_EarlyExit_SkipsTheRestAndSucceeds()
    {
        var exit = Succeeded with { Record = new() { ["request_early_exit"] = true } };
        var decision = Decide([Task("a") with { Status = exit }, Task("b", "a")]);

        Assert.Equal((1, TaskRunPhase.Skipped, TaskReasons.EarlyExit), Only(decision.End));
        Assert.Equal(new RunOutcome(RunPhase.Succeeded, null, null, true), decision.Outcome);
    }

    [Fact]
    public void Decide_EarlyExitAndFailure_FailureWins()
    {
        var exit = Succeeded with { Record = new() { ["request_early_exit"] = true } };

        Assert.Equal(RunPhase.Failed, Decide([Task("a") with { Status = exit }, Task("b") with { Status = Failed }]).Outcome!.Phase);
    }

    [Fact]
    public void Decide_Cancelled_StopsTheActiveAndEndsTheWaiting()
    {
        var decision = Decide([Task("a") with { Status = Running }, Task("b") with { Status = Queued }, Task("c", "a")], cancelled: true);

        Assert.Equal([(0, StopReason.Cancelled), (1, StopReason.Cancelled)], decision.Stop.Select(s => (s.Index, s.Reason)));
        Assert.Equal((2, TaskRunPhase.Cancelled, TaskReasons.Cancelled), Only(decision.End));
    }

    [Fact]
    public void Decide_CancelledAndAllEnded_OutcomeIsCancelled() =>
        Assert.Equal(RunPhase.Cancelled, Decide([Task("a") with { Status = Failed }], cancelled: true).Outcome!.Phase);

    [Fact]
    public void Decide_RetryNotDue_WakesWhenItIs()
    {
        var decision = Decide([Task("a") with { Status = new() { NotBefore = Now.AddSeconds(5), Attempt = 1 } }]);

        Assert.Empty(decision.Start);
        Assert.Null(decision.Outcome);
        Assert.Equal(Now.AddSeconds(5), decision.WakeAt);
    }

    [Fact]
    public void Decide_TimeoutOver_StopsTheTask()
    {
        var task = Task("a") with { Status = Running with { Started = Now.AddSeconds(-61) } };
        task = task with { Spec = task.Spec with { Task = task.Spec.Task with { Timeout = TimeSpan.FromSeconds(60) } } };

        Assert.Equal(new RunDecision.StoppedTask(0, StopReason.Timeout), Assert.Single(Decide([task]).Stop));
    }

    [Fact]
    public void Decide_PendingTimeoutAhead_WakesForIt()
    {
        var task = Task("a") with { Status = Queued with { Submitted = Now } };
        task = task with { Spec = task.Spec with { Task = task.Spec.Task with { PendingTimeout = TimeSpan.FromSeconds(10) } } };

        Assert.Equal(Now.AddSeconds(10), Decide([task]).WakeAt);
    }

    [Fact]
    public void Decide_LongChainOfSkips_EndsInOnePass()
    {
        var tasks = new List<TaskRun> { Task("t0") with { Status = Failed } };
        for (var i = 1; i < 5000; i++)
            tasks.Add(Task($"t{i}", $"t{i - 1}"));

        var decision = Decide(tasks, FailurePolicy.Continue);

        Assert.Equal(4999, decision.End.Count);
        Assert.Equal(RunPhase.Failed, decision.Outcome!.Phase);
    }

    private static readonly TaskRunStatus
        Succeeded = new() { Phase = TaskRunPhase.Succeeded },
        Failed = new() { Phase = TaskRunPhase.Failed, Finished = Now },
        Running = new() { Phase = TaskRunPhase.Running, Started = Now, Submitted = Now },
        Queued = new() { Phase = TaskRunPhase.Queued, Submitted = Now };

    private static (int, TaskRunPhase, string) Only(List<RunDecision.EndedTask> ended)
    {
        var only = Assert.Single(ended);
        return (only.Index, only.Phase, only.Reason);
    }

    private static RunDecision Decide(IReadOnlyList<TaskRun> tasks, FailurePolicy policy = FailurePolicy.Stop, bool cancelled = false)
    {
        var indexed = tasks.Select((t, i) => t with { Spec = t.Spec with { Index = i } }).ToList();
        return RunDecider.Decide(new RunFacts(TaskGraph.Create([.. indexed.Select(t => t.Spec.Task)]), indexed, policy, cancelled, Now));
    }

    private static TaskRun Task(string name, params string[] dependsOn) => new(
        new ResourceMetadata { Id = $"r--{name}" },
        new TaskRunSpec
        {
            RunId = "r",
            Index = 0,
            TaskPath = $"/runs/r/{name}",
            Task = new PipelineTask { Name = name, Image = "i", Command = ["true"], DependsOn = dependsOn },
        },
        new TaskRunStatus());
}

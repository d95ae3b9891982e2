using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Steps;

/// <summary>
/// Brings work in steps to its end: setup and result in this process, the program on an executor. What is done is in the
/// store and with the executor; a server that takes over begins the step anew, or finds the program running.
/// </summary>
internal sealed partial class StepReconciler<T>(
    IStepWork<T> work, IResourceStore store, LogStore logs, StepOptions options, TimeProvider time, ILogger<StepReconciler<T>> logger) : IReconciler<T>
    where T : class, IStepResource<T>
{
    private readonly ConcurrentDictionary<string, ServerStep<T>> steps = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> attempts = new(StringComparer.Ordinal);
    private TurnQueue? turns;

    /// <summary>Asks for a pass; set by who hosts this.</summary>
    public Action<string> Wake { get; set; } = static _ => { };

    public IReadOnlyCollection<string> UnfinishedPhases { get; } = [nameof(StepState.Unknown), nameof(StepState.Scheduling), nameof(StepState.Running)];

    private TurnQueue Turns => turns ??= new TurnQueue(work.MaxParallel, id => Wake(id));

    /// <summary>An executor has news.</summary>
    public void Report(ExecutionStatus status)
    {
        if (attempts.TryGetValue(status.Key.Group, out var id))
            Wake(id);
    }

    /// <summary>The ids that have left something behind, to be woken at the start: their resource may be gone.</summary>
    public IEnumerable<string> Leftovers() =>
        Directory.Exists(DirectoryOfKind) ? Directory.EnumerateDirectories(DirectoryOfKind).Select(d => Path.GetFileName(d)) : [];

    public async Task<ReconcileResult> ReconcileAsync(string id, Lease lease, CancellationToken cancellationToken)
    {
        var resource = await store.FindAsync<T>(id, cancellationToken);
        if (resource is not null && resource.Progress.ObservedGeneration == resource.Metadata.Generation)
        {
            var attempt = resource.Progress.Attempt!;
            attempts[attempt] = id;
            if (!resource.Progress.IsEnded)
                return await AdvanceAsync(resource, attempt, lease, cancellationToken);
            Turns.Leave(id);
            var keep = resource.Progress.Finished + work.Executor.KeepEnded - time.GetUtcNow();
            return keep > TimeSpan.Zero
                ? ReconcileResult.After(keep.Value)
                : await RemoveAttemptsAsync(id, keepLogsOf: attempt, lease, cancellationToken) ?? ReconcileResult.Finished;
        }
        // It is gone, or wants something else: first everything of before has to end.
        Turns.Leave(id);
        if (await RemoveAttemptsAsync(id, keepLogsOf: null, lease, cancellationToken) is { } later)
            return later;
        if (resource is null)
            return ReconcileResult.Finished;
        var begun = work.Begin(resource).WithProgress(new StepStatus
        {
            State = StepState.Scheduling,
            ObservedGeneration = resource.Metadata.Generation,
            Attempt = AttemptIds.New(id),
            Queued = time.GetUtcNow(),
        });
        // The directory first: it is what a server that takes over finds the attempt by, even when the resource is gone then.
        Directory.CreateDirectory(DirectoryOf(id, begun.Progress.Attempt!));
        await SaveAsync(begun, lease, cancellationToken);
        return ReconcileResult.After(TimeSpan.Zero);
    }

    public void Disown(string id)
    {
        Turns.Leave(id);
        // It stays known until it has ended: whoever takes the work up again must not do so beside it.
        if (steps.TryGetValue(id, out var step))
            step.Abandon();
        foreach (var (attempt, owner) in attempts.Where(a => a.Value == id).ToList())
        {
            work.Executor.Disown(attempt);
            attempts.TryRemove(new KeyValuePair<string, string>(attempt, owner));
        }
    }

    /// <summary>The process ends: what it is working on is begun anew by the next one.</summary>
    public void Stop()
    {
        foreach (var step in steps.Values)
            step.Abandon();
    }

    private string DirectoryOfKind => Path.Combine(options.Directory, T.Kind.ToLowerInvariant());

    private string DirectoryOf(string id) => Path.Combine(DirectoryOfKind, id);

    private string DirectoryOf(string id, string attempt) => Path.Combine(DirectoryOf(id), attempt);

    private Task<ReconcileResult> AdvanceAsync(T resource, string attempt, Lease lease, CancellationToken cancellationToken) => resource.Progress.Step switch
    {
        WorkStep.Setup => AdvanceServerStepAsync(resource, attempt, WorkStep.Main, work.SetupAsync, lease, cancellationToken),
        WorkStep.Result => AdvanceServerStepAsync(resource, attempt, null, work.CollectAsync, lease, cancellationToken),
        _ when work.WithoutProgram(resource) is { } here => AdvanceServerStepAsync(resource, attempt, WorkStep.Result, (_, context, token) => here(context, token), lease, cancellationToken),
        _ => AdvanceProgramAsync(resource, attempt, lease, cancellationToken),
    };

    private StepContext ContextOf(T resource, string attempt) =>
        new(attempt, DirectoryOf(resource.Metadata.Id, attempt), resource.Progress.Step, logs, time);

    private async Task<ReconcileResult> AdvanceServerStepAsync(
        T resource, string attempt, WorkStep? next, Func<T, StepContext, CancellationToken, Task<Func<T, T>>> begin, Lease lease, CancellationToken cancellationToken)
    {
        var id = resource.Metadata.Id;
        if (!Turns.TryEnter(id, out var ahead))
        {
            await TellAsync(resource, StepState.Scheduling, StepReasons.WaitingForTurn, $"{work.MaxParallel} are worked on, {ahead} wait before this one", lease, cancellationToken);
            return ReconcileResult.Waiting;
        }
        if (steps.TryGetValue(id, out var step) && (step.IsAbandoned || step.Attempt != attempt || step.Step != resource.Progress.Step))
        {
            // Of before a lost lease, or of an outcome whose storing nobody could confirm, and which is stored.
            step.Abandon();
            if (!step.Work.IsCompleted)
                return ReconcileResult.Waiting;
            Forget(id, step);
            step = null;
        }
        if (step is null)
        {
            if (resource.Progress.Begun >= options.MostBegun)
            {
                await FailAsync(resource, new StepFailedException(StepReasons.ServerStopped, $"{resource.Progress.Begun} times the step '{StepWords.Of(resource.Progress.Step)}' was begun, and each time the server was stopped or killed, or lost its database, before the end. Is that what it does to the server? Look at its log, then submit this again"), lease, cancellationToken);
                return ReconcileResult.After(TimeSpan.Zero);
            }
            resource = await CountBeginAsync(resource, lease, cancellationToken);
            lease.ThrowIfLost();
            step = new ServerStep<T>(attempt, resource.Progress.Step);
            steps[id] = step;
            var context = ContextOf(resource, attempt);
            step.Begin(
                token =>
                {
                    if (context.Step == WorkStep.Setup)
                        context.Clear();
                    return begin(resource, context, token);
                },
                () => Wake(id));
        }
        if (!step.Work.IsCompleted)
        {
            if (Left(resource) > TimeSpan.Zero)
                return ReconcileResult.After(Left(resource));
            step.Cancel();
            return ReconcileResult.Waiting;
        }
        var outcome = await step.Work;
        if (outcome.Apply is { } apply)
        {
            var done = apply(resource);
            await SaveAsync(next is { } following ? Step(done, following) : Finish(done, StepState.Succeeded, null, null, null), lease, cancellationToken);
        }
        else
        {
            await FailAsync(resource, outcome.Failure!, lease, cancellationToken);
        }
        Forget(id, step);
        return ReconcileResult.After(TimeSpan.Zero);
    }

    private async Task<ReconcileResult> AdvanceProgramAsync(T resource, string attempt, Lease lease, CancellationToken cancellationToken)
    {
        // After a crash it has its turn without asking: it runs already, or is about to.
        Turns.TryEnter(resource.Metadata.Id, out _);
        var key = StepNames.MainOf(attempt);
        try
        {
            var status = await work.Executor.FindAsync(key, cancellationToken) ?? await StartAsync(resource, attempt, lease, cancellationToken);
            switch (status.Phase)
            {
                case ExecutionPhase.Succeeded:
                    await SaveAsync(Step(Timed(resource, status), WorkStep.Result), lease, cancellationToken);
                    return ReconcileResult.After(TimeSpan.Zero);
                case ExecutionPhase.Failed or ExecutionPhase.Lost:
                    var (known, why) = await ExplainAsync(resource, attempt, cancellationToken);
                    DropWorkspace(resource, attempt);
                    await SaveAsync(Finish(Timed(known, status), StepState.Failed, status.Reason, Joined(status.Reason == ExecutionReasons.Timeout ? TooLong(resource) : status.Message, why), status.ExitCode), lease, cancellationToken);
                    return ReconcileResult.After(TimeSpan.Zero);
                default:
                    var state = status.Phase == ExecutionPhase.Running ? StepState.Running : StepState.Scheduling;
                    resource = await TellAsync(resource, state, status.Reason, status.Message, lease, cancellationToken);
                    break;
            }
            if (Left(resource) > TimeSpan.Zero)
                return ReconcileResult.After(Left(resource));
            await work.Executor.StopAsync(key, StopReason.Timeout, cancellationToken);
            return ReconcileResult.Waiting;
        }
        catch (Exception e) when (e is StepFailedException or ExecutorRefusedException)
        {
            await FailAsync(resource, e, lease, cancellationToken);
            return ReconcileResult.After(TimeSpan.Zero);
        }
    }

    private async Task<ExecutionStatus> StartAsync(T resource, string attempt, Lease lease, CancellationToken cancellationToken)
    {
        var program = await work.DescribeProgramAsync(resource, ContextOf(resource, attempt), cancellationToken);
        lease.ThrowIfLost();
        return await work.Executor.StartAsync(program with { Key = StepNames.MainOf(attempt), MayStart = () => lease.IsHeld }, cancellationToken);
    }

    // That it has failed is known; whatever it has left must not keep that from being written down.
    private async Task<(T Resource, string? Why)> ExplainAsync(T resource, string attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await work.ExplainAsync(resource, ContextOf(resource, attempt), cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogStepFailed(e, T.Kind, resource.Metadata.Id, resource.Progress.Step);
            return (resource, null);
        }
    }

    private string TooLong(T resource) => $"stopped in the step '{StepWords.Of(resource.Progress.Step)}': it ran longer than {StepWords.Of(work.Timeout)}";

    private static string? Joined(string? message, string? why) => (message, why) switch
    {
        (_, null) => message,
        (null or "", _) => why,
        _ => $"{message}: {why}",
    };

    private TimeSpan Left(T resource) => (resource.Progress.Started ?? time.GetUtcNow()) + work.Timeout - time.GetUtcNow();

    private async Task FailAsync(T resource, Exception failure, Lease lease, CancellationToken cancellationToken)
    {
        var (reason, message) = failure switch
        {
            StepFailedException e => (e.Reason, e.Message),
            OperationCanceledException when Left(resource) <= TimeSpan.Zero => (ExecutionReasons.Timeout, TooLong(resource)),
            _ => (StepReasons.OfFailed(resource.Progress.Step), failure.Message),
        };
        if (failure is not (StepFailedException or OperationCanceledException or IOException))
            LogStepFailed(failure, T.Kind, resource.Metadata.Id, resource.Progress.Step);
        DropWorkspace(resource, resource.Progress.Attempt!);
        await ContextOf(resource, resource.Progress.Attempt!).LogAsync(message, cancellationToken, "ERROR");
        await SaveAsync(Finish(resource, StepState.Failed, reason, message, null), lease, cancellationToken);
    }

    private void Forget(string id, ServerStep<T> step)
    {
        steps.TryRemove(new KeyValuePair<string, ServerStep<T>>(id, step));
        step.Dispose();
    }

    [LoggerMessage(1, LogLevel.Error, "{Kind} '{Id}': the step {Step} failed")]
    private partial void LogStepFailed(Exception exception, string kind, string id, WorkStep step);
}

using Odin.Execution;
using Odin.Reconciliation;
using Odin.Storage;

namespace Odin.Steps;

// What is written down, and what is taken away again.
internal sealed partial class StepReconciler<T>
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(1);

    // Writes only what is new.
    private async Task<T> TellAsync(T resource, StepState state, string? reason, string? message, Lease lease, CancellationToken cancellationToken)
    {
        var progress = resource.Progress;
        var isNew = !progress.Times.Any(t => t.Step == progress.Step);
        var begins = state == StepState.Running && isNew;
        if (progress.State == state && progress.Reason == reason && progress.Message == message && !begins)
            return resource;
        var now = time.GetUtcNow();
        return await SaveAsync(
            resource.WithProgress(progress with
            {
                State = state,
                Reason = reason,
                Message = message,
                Started = progress.Started ?? (state == StepState.Running ? now : null),
                Times = begins ? [.. progress.Times, new StepTime(progress.Step, now, null)] : progress.Times,
            }),
            lease, cancellationToken);
    }

    // Before the work: a server that does not live to see its end is counted too.
    private async Task<T> CountBeginAsync(T resource, Lease lease, CancellationToken cancellationToken)
    {
        var progress = resource.Progress;
        var now = time.GetUtcNow();
        return await SaveAsync(
            resource.WithProgress(progress with
            {
                State = StepState.Running,
                Reason = null,
                Message = null,
                Begun = progress.Begun + 1,
                Started = progress.Started ?? now,
                Times = progress.Times.Any(t => t.Step == progress.Step) ? progress.Times : [.. progress.Times, new StepTime(progress.Step, now, null)],
            }),
            lease, cancellationToken);
    }

    // A program may have come and gone between two looks.
    private T Timed(T resource, ExecutionStatus status)
    {
        var progress = resource.Progress;
        var started = status.Started ?? status.Finished ?? time.GetUtcNow();
        var others = progress.Times.Where(t => t.Step != progress.Step);
        return resource.WithProgress(progress with { Times = [.. others, new StepTime(progress.Step, started, status.Finished ?? time.GetUtcNow())] });
    }

    private T Step(T resource, WorkStep next) => resource.WithProgress(resource.Progress with { Step = next, Begun = 0, Reason = null, Message = null, Times = Closed(resource.Progress) });

    private T Finish(T resource, StepState state, string? reason, string? message, int? exitCode) => resource.WithProgress(resource.Progress with
    {
        State = state,
        Reason = reason,
        Message = message,
        ExitCode = exitCode,
        Finished = time.GetUtcNow(),
        Times = Closed(resource.Progress),
    });

    private IReadOnlyList<StepTime> Closed(StepStatus progress) => [.. progress.Times.Select(t => t.Finished is null ? t with { Finished = time.GetUtcNow() } : t)];

    private async Task<T> SaveAsync(T resource, Lease lease, CancellationToken cancellationToken)
    {
        var batch = new ResourceBatch(time) { Lease = lease.Token };
        var stored = batch.UpdateStatus(resource);
        try
        {
            await store.ApplyAsync(batch, cancellationToken);
        }
        catch (ResourceNotFoundException e)
        {
            // It was deleted meanwhile: the next pass sees that.
            throw new ResourceConflictException(e.Kind, e.Id);
        }
        return stored;
    }

    // Before the failure is written down: it may be what has filled the disk, and then there would be no room to say so.
    private void DropWorkspace(T resource, string attempt)
    {
        try
        {
            DirectoryRemoval.Delete(ContextOf(resource, attempt).Workspace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It goes with the attempt, or that says why it does not.
        }
    }

    // Null: everything of the resource's attempts has ended and is gone, but for the logs of one.
    private async Task<ReconcileResult?> RemoveAttemptsAsync(string id, string? keepLogsOf, Lease lease, CancellationToken cancellationToken)
    {
        lease.ThrowIfLost();
        if (steps.TryGetValue(id, out var step))
        {
            step.Cancel();
            if (!step.Work.IsCompleted)
                return ReconcileResult.Waiting;
            Forget(id, step);
        }
        if (!Directory.Exists(DirectoryOf(id)))
            return null;
        foreach (var directory in Directory.EnumerateDirectories(DirectoryOf(id)).ToList())
        {
            var attempt = Path.GetFileName(directory);
            attempts[attempt] = id;
            if (await RemoveProgramAsync(attempt, cancellationToken) is { } later)
                return later;
            if (attempt != keepLogsOf)
                logs.DeleteGroup(attempt);
            DirectoryRemoval.Delete(directory);
            attempts.TryRemove(attempt, out _);
        }
        // Where a log is kept, so is the note of whose it is.
        if (keepLogsOf is null)
            DirectoryRemoval.Delete(DirectoryOf(id));
        else
            Directory.CreateDirectory(DirectoryOf(id, keepLogsOf));
        return null;
    }

    private async Task<ReconcileResult?> RemoveProgramAsync(string attempt, CancellationToken cancellationToken)
    {
        var key = StepNames.MainOf(attempt);
        if (await work.Executor.FindAsync(key, cancellationToken) is not { } status)
            return null;
        if (!status.IsEnded)
        {
            await work.Executor.StopAsync(key, StopReason.Cancelled, cancellationToken);
            return ReconcileResult.After(StopPatience);
        }
        await work.Executor.RemoveAsync(key, cancellationToken);
        return null;
    }
}

using Odin.Cli.Output;
using Odin.Cli.Progress;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary>Waits for a run, with or without showing it, and says how it ended.</summary>
internal sealed class RunFollower(RemoteCall call)
{
    /// <summary>Returns the exit code: success only if the run succeeded.</summary>
    public async Task<int> FollowAsync(string id, bool show, CancellationToken cancellationToken)
    {
        PipelineRecord run;
        try
        {
            run = show
                ? await RunProgressView.For(call.Session.Environment, call.Printer.Format != OutputFormat.Table)
                    .ShowAsync(call.Runs.WatchAsync(id, cancellationToken), cancellationToken)
                : await WaitAsync(id, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            call.Printer.Note($"The run goes on. `odin status {id} --watch` shows it again, `odin cancel {id}` ends it.");
            throw;
        }
        Conclude(run);
        return run.IsSuccess ? ExitCode.Success : ExitCode.Failure;
    }

    private async Task<PipelineRecord> WaitAsync(string id, CancellationToken cancellationToken)
    {
        var progress = new RunProgress();
        await foreach (var update in call.Runs.WatchAsync(id, cancellationToken))
        {
            foreach (var task in progress.Apply(update).Where(WaitingTasks.IsNotable))
                call.Printer.Note(WaitingTasks.Note(task));
        }
        return (progress.Run ?? new PipelineRecord { Id = id }) with { Tasks = progress.Tasks };
    }

    private void Conclude(PipelineRecord run)
    {
        var took = ProgressTable.Time(run.SubmitTime) is { } from && ProgressTable.Time(run.CompletionTime) is { } to
            ? $" in {ProgressTable.Duration(to - from)}"
            : "";
        var why = run.IsSuccess || run.Message is not { Length: > 0 } message ? "" : $": {message}";
        call.Printer.Note($"{run.Id} {run.State ?? run.Status}{took}{why}");
        if (run.IsSuccess)
            return;
        foreach (var task in run.Tasks.Where(t => RunProgress.StateOf(t) == "Failed").Take(10))
            call.Printer.Note($"  {RunProgress.NameOf(task)}: {ProgressTable.Remark(task)}  (`odin logs {task.Id ?? task.Task}` shows its output)");
        call.Printer.Note($"`odin rerun {run.Id}` runs what did not succeed again.");
    }
}

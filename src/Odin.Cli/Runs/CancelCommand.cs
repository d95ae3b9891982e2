using System.CommandLine;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin cancel</c>: ends a run; its records and files stay.</summary>
internal sealed class CancelCommand : RemoteCommand
{
    private readonly Argument<string> run;

    public CancelCommand(CliSession session)
        : base(session, "cancel", "Ends a run. What it has done stays; `odin cleanup` removes it.")
    {
        Examples = ["odin cancel wine-3f9ak2xwj"];
        run = RunArgument.Create(session, "RUN", "The id of the run.");
        Take(output: true, run, RunOptions.Wait);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var id = call.Parse.GetRequiredValue(run);
        var answer = await call.Runs.CancelAsync(id, cancellationToken);
        if (call.Parse.GetValue(RunOptions.Wait))
        {
            await foreach (var _ in call.Runs.WatchAsync(id, cancellationToken))
            {
                // Only the end matters: to be cancelled is what was asked for.
            }
        }
        if (!call.Printer.Data(answer.Body, [id]))
            call.Printer.Say(Outcome(id, answer.Read("pipeline", CliJson.Default.PipelineRecord)));
        return ExitCode.Success;
    }

    private static string Outcome(string id, PipelineRecord run) => run.IsEnded && run.State is not (null or "Cancelled")
        ? $"{id} had ended before: {run.State}. There was nothing to cancel."
        : $"{id} is being cancelled. `odin rerun {id}` goes on from here.";
}

using System.CommandLine;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Runs;

/// <summary><c>odin cancel</c>: ends a run; its records and files stay.</summary>
internal sealed class CancelCommand : OdinCommand
{
    private readonly Argument<string> run;

    public CancelCommand(CliSession session)
        : base(session, "cancel", "Ends a run. What it has done stays; `odin cleanup` removes it.")
    {
        Examples = ["odin cancel wine-3f9ak2xwj"];
        run = RunArgument.Create(session, "RUN", "The id of the run.");
        Add(run);
        Add(RunOptions.Wait);
        Add(OutputOptions.Format);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var runs = new RunsClient(client);
        var id = parse.GetRequiredValue(run);
        var answer = await runs.CancelAsync(id, cancellationToken);
        if (parse.GetValue(RunOptions.Wait))
        {
            await foreach (var _ in runs.WatchAsync(id, cancellationToken))
            {
                // Only the end matters: to be cancelled is what was asked for.
            }
        }
        var printer = Session.Printer(parse);
        if (!printer.Data(answer.Body, [id]))
            printer.Say($"{id} is being cancelled. `odin rerun {id}` goes on from here.");
        return ExitCode.Success;
    }
}

using System.CommandLine;
using Odin.Cli.Lifecycle;

namespace Odin.Cli.Batch;

/// <summary><c>odin batch</c>: predicts many requests at once.</summary>
internal sealed class BatchCommand : OdinCommand
{
    public BatchCommand(CliSession session)
        : base(session, "batch", "Predicts many requests at once: services and their jobs.")
    {
        Group = CommandGroup.Lifecycle;
        Examples = ["odin batch service create -f batch.yaml", "odin batch job create --service wine", "odin batch job logs job-wine-1f3c9"];
        Add(new NounCommand(session, LifecycleNoun.BatchService));
        Add(new NounCommand(session, LifecycleNoun.BatchJob) { BatchJobCreation.Create(session) });
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, $"say what to work with: {string.Join(", ", Subcommands.Select(c => c.Name))}", "`odin batch --help` explains them.");
}

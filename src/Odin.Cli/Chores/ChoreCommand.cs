using System.CommandLine;
using Odin.Chores;

namespace Odin.Cli.Chores;

/// <summary><c>odin chore</c>: small steps for use inside tasks.</summary>
internal sealed class ChoreCommand : OdinCommand
{
    public ChoreCommand(CliSession session)
        : base(session, "chore", "Does a small step inside a task: writes outputs, copies, commits, picks a model, tells somebody.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin chore outputs accuracy=0.97 best=forest", "odin chore run chores.yml", "odin chore git-push ./deployments"];
        Add(new RunChoresCommand(session));
        Add(new OutputsCommand(session));
        Add(new EarlyExitCommand(session));
        Add(new SelectModelCommand(session));
        using var chores = new BuiltInChores();
        foreach (var chore in chores.All)
            Add(new ChoreStepCommand(session, chore));
        Add(new YamlToJsonCommand(session));
        Add(new JsonToYamlCommand(session));
        Add(new RenderTemplateCommand(session));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, "no chore is given", "Type `odin chore --help` to see what there is.");
}

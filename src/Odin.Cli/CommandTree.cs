using System.CommandLine;
using System.CommandLine.Help;
using Odin.Cli.Batch;
using Odin.Cli.Chores;
using Odin.Cli.Demo;
using Odin.Cli.Feedback;
using Odin.Cli.Jobs;
using Odin.Cli.Lifecycle;
using Odin.Cli.LocalModels;
using Odin.Cli.Models;
using Odin.Cli.Nodes;
using Odin.Cli.Runs;
using Odin.Cli.Servers;
using Odin.Cli.Shell;
using Odin.Cli.Users;

namespace Odin.Cli;

/// <summary>The commands of the program. A new one is one more line here; its group and examples are its own.</summary>
internal static class CommandTree
{
    public static RootCommand Create(CliSession session)
    {
        var root = new RootCommand("Odin runs machine-learning pipelines, on this machine or on a server.") { HelpName = "odin" };
        Command[] commands =
        [
            new DemoCommand(session),
            new RunCommand(session),
            new StatusCommand(session),
            new LogsCommand(session),
            new ListCommand(session),
            new RerunCommand(session),
            new CancelCommand(session),
            new DataCommand(session),
            new EventsCommand(session),
            new CleanupCommand(session),
            new LintCommand(session),
            new JobsCommand(session),
            new ShowCommand(session),
            new CreateCommand(session),
            new PushCommand(session),
            new NounCommand(session, LifecycleNoun.Connection),
            new NounCommand(session, LifecycleNoun.Toolchain),
            new NounCommand(session, LifecycleNoun.Training),
            new NounCommand(session, LifecycleNoun.Packaging),
            new NounCommand(session, LifecycleNoun.PackagingIntegration),
            new NounCommand(session, LifecycleNoun.Deployment),
            new NounCommand(session, LifecycleNoun.Route),
            new ModelCommand(session),
            new BatchCommand(session),
            new FeedbackCommand(session),
            new ApplyCommand(session),
            new DeleteCommand(session),
            new ArtifactCommand(session),
            new LocalCommand(session),
            new ChoreCommand(session),
            new ServerCommand(session),
            new PingCommand(session),
            new GpusCommand(session),
            new UserCommand(session),
            new AuthCommand(session),
            new ContextCommand(session),
            new CompletionCommand(session),
            new AliasesCommand(session),
            new HelpMarkdownCommand(session),
        ];
        foreach (var command in commands)
            root.Add(command);
        root.SetAction(parse => HelpText.WriteRoot(root, parse.InvocationConfiguration.Output));
        foreach (var option in root.Options.OfType<HelpOption>())
            option.Action = new HelpText(root);
        return root;
    }
}

using System.CommandLine;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Cli.Shell;

namespace Odin.Cli.Odahuflowctl;

/// <summary>The commands of <c>odahuflowctl</c>.</summary>
internal static class CtlTree
{
    public static readonly CtlSwitch Verbose = new("--verbose", "--non-verbose", isOn: false, "Say all that is done, on standard error.", isRecursive: true);

    /// <summary>The options of every group that talks to a server.</summary>
    public static IReadOnlyList<Option> ServerOptions { get; } =
        [CtlTarget.UrlOption, CtlTarget.TokenOption, CtlTarget.ClientIdOption, CtlTarget.ClientSecretOption, CtlTarget.IssuerOption];

    public static Command Create(CtlSession session)
    {
        var version = new Option<bool>("--version") { Description = "Show the version and exit.", Arity = ArgumentArity.Zero };
        var root = CtlCommand.Group(ProgramName.Odahuflowctl, null, "Client of the model lifecycle: connections, trainings, packagings, deployments, routes.", [Verbose.On, Verbose.Off, CtlHelp.Option, version],
            BulkGroup.Create(session),
            CompletionCommands.Create(session),
            ConfigGroup.Create(session),
            EntityGroup.Create(session, CtlNoun.Connection),
            EntityGroup.Create(session, CtlNoun.Deployment),
            GppiGroup.Create(session),
            LocalGroup.Create(session),
            LoginCommands.CreateLogin(session),
            LoginCommands.CreateLogout(session),
            ModelGroup.Create(session),
            EntityGroup.Create(session, CtlNoun.Packaging),
            EntityGroup.Create(session, CtlNoun.PackagingIntegration),
            EntityGroup.Create(session, CtlNoun.Route),
            TemplateGroup.Create(session),
            EntityGroup.Create(session, CtlNoun.Toolchain),
            EntityGroup.Create(session, CtlNoun.Training),
            Subcommand.Create("version", "Show the version.", (_, _) => ShowVersion(session)));
        root.SetAction((parse, _) => parse.GetValue(version) ? ShowVersion(session) : Task.FromResult(CtlHelp.Write(root, session.Out)));
        return root;
    }

    private static Task<int> ShowVersion(CtlSession session)
    {
        var version = typeof(CtlTree).Assembly.GetName().Version?.ToString(3);
        session.Out.WriteLine($"cli version: {version}");
        session.Out.WriteLine($"sdk version: {version}");
        return Task.FromResult(ExitCode.Success);
    }
}

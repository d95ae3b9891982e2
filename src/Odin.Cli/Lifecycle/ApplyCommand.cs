using System.CommandLine;

namespace Odin.Cli.Lifecycle;

/// <summary><c>odin apply</c>: makes or changes all that is in files, of whatever kinds.</summary>
internal sealed class ApplyCommand : RemoteCommand
{
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say what would be done, and do nothing." };
    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Return when all is accepted. A training whose artifact a packaging of the files takes is waited for all the same.",
    };

    /// <summary>The option of commands that take entities of all kinds.</summary>
    public static Option<string[]> Files { get; } = new("--file", "-f")
    {
        Description = "Files of entities, YAML or JSON, or directories of them; '-' reads standard input.",
        HelpName = "FILE",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    public ApplyCommand(CliSession session)
        : base(session, "apply", "Makes or changes all that is in files: connections, toolchains, trainings, packagings, deployments, routes, batch services.")
    {
        Group = CommandGroup.Lifecycle;
        Examples = ["odin apply -f wine.yaml", "odin apply -f connections.yaml training.yaml packaging.yaml", "odin apply -f wine/ --dry-run"];
        Remark = """
            Connections come first, then toolchains and packaging integrations, trainings, packagings, deployments, routes, batch services. A
            packaging that takes the artifact of a training of the files waits for it, a deployment for the packagings, a route for
            the deployments. What is as it was is left alone; a training or packaging that failed runs again, and a deployment whose
            image was made anew takes that. What a file leaves out and the server fills in (image, resources, outputConnection,
            reference, roleName, replicas) counts as unchanged.
            """;
        Take(output: true, Files, DryRun, NoWait);
    }

    protected override Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var items = ManifestItem.ReadAll(call.Parse.GetValue(Files)!, Session.Environment.In, call.Printer.Note);
        return new ManifestApplication(call.Client, call.Printer, waits: !call.Parse.GetValue(NoWait), call.Parse.GetValue(DryRun)).RunAsync(items, cancellationToken);
    }
}

using System.CommandLine;

namespace Odin.Cli.Lifecycle;

/// <summary><c>odin delete</c>: deletes all that is in files.</summary>
internal sealed class DeleteCommand : RemoteCommand
{
    private static readonly Option<bool> IgnoreMissing = new("--ignore-not-found") { Description = "What is not there counts as deleted." };

    public DeleteCommand(CliSession session)
        : base(session, "delete", "Deletes all that is in files, in the order that `odin apply` made it, from its end.")
    {
        Group = CommandGroup.Lifecycle;
        Examples = ["odin delete -f wine.yaml", "odin delete -f wine/ --ignore-not-found"];
        Remark = "Artifacts and images stay: `odin artifact delete` and the registry are for those.";
        Take(output: false, ApplyCommand.Files, IgnoreMissing);
    }

    protected override Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var items = ManifestItem.ReadAll(call.Parse.GetValue(ApplyCommand.Files)!, Session.Environment.In, call.Printer.Note);
        return new ManifestApplication(call.Client, call.Printer, waits: false, isRehearsal: false).DeleteAsync(items, call.Parse.GetValue(IgnoreMissing), cancellationToken);
    }
}

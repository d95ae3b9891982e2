using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin data</c>: the stored record of a run or task, with its outputs.</summary>
internal sealed class DataCommand : RemoteCommand
{
    private readonly Argument<string> resource;

    public DataCommand(CliSession session)
        : base(session, "data", "Prints the record of a run or task, outputs included, as JSON on one line.")
    {
        Examples = ["odin data wine-3f9ak2xwj--evaluate", "odin data wine-3f9ak2xwj -o yaml"];
        resource = RunArgument.Create(session, "RESOURCE", "The id of a task or run.");
        Take(output: true, resource);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var id = call.Parse.GetRequiredValue(resource);
        var data = call.IsWebSocket
            ? (await call.AskAsync("DATA", new JsonObject { ["resource"] = id }, RunsClient.HintFor(id), cancellationToken)).Response
            : (await call.Client.GetAsync(Paths.Resource(id, "data"), cancellationToken)).EnsureSuccess(RunsClient.HintFor(id)).Body;
        // The original's server answers null for what it does not know.
        if (data is null)
            throw new CliException(ExitCode.NotFound, $"there is no '{id}'", RunsClient.HintFor(id));
        if (!call.Printer.Data(data, [id]))
            call.Printer.Say(Printer.Line(data));
        return ExitCode.Success;
    }
}

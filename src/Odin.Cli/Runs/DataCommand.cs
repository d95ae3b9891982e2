using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;
using Odin.Cli.Sockets;

namespace Odin.Cli.Runs;

/// <summary><c>odin data</c>: the stored record of a run or task, with its outputs.</summary>
internal sealed class DataCommand : OdinCommand
{
    private readonly Argument<string> resource;

    public DataCommand(CliSession session)
        : base(session, "data", "Prints the record of a run or task, outputs included, as JSON on one line.")
    {
        Examples = ["odin data wine-3f9ak2xwj--evaluate", "odin data wine-3f9ak2xwj -o yaml"];
        resource = RunArgument.Create(session, "RESOURCE", "The id of a task or run.");
        Add(resource);
        Add(OutputOptions.Format);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var id = parse.GetRequiredValue(resource);
        JsonNode? data;
        if (client.Connection.IsWebSocket)
        {
            var token = await client.TokenAsync(cancellationToken);
            var wish = new JsonObject { ["resource"] = id };
            data = (await OdinSocket.AskAsync(client.Connection, token, "DATA", wish, cancellationToken)).Response;
        }
        else
        {
            data = (await client.GetAsync(Paths.Resource(id, "data"), cancellationToken)).EnsureSuccess(RunsClient.RunHint).Body;
        }
        // The original's server answers null for what it does not know.
        if (data is null)
            throw new CliException(ExitCode.NotFound, $"there is no '{id}'", RunsClient.RunHint);
        var printer = Session.Printer(parse);
        if (!printer.Data(data, [id]))
            printer.Say(Printer.Line(data));
        return ExitCode.Success;
    }
}

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Servers;
using Odin.Cli.Sockets;

namespace Odin.Cli.Nodes;

/// <summary><c>odin ping</c>: whether the server answers, and what it is.</summary>
internal sealed class PingCommand : OdinCommand
{
    public PingCommand(CliSession session)
        : base(session, "ping", "Asks the server whether it is well.")
    {
        Group = CommandGroup.Server;
        Examples = ["odin ping", "odin ping --scheme ws --port 30000"];
        Add(OutputOptions.Format);
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var printer = Session.Printer(parse);
        if (client.Connection.IsWebSocket)
        {
            var now = Session.Environment.Time.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
            var token = await client.TokenAsync(cancellationToken);
            var frame = await OdinSocket.AskAsync(client.Connection, token, "PING", JsonValue.Create(now), cancellationToken);
            if (!printer.Data(frame.Response, [client.Connection.Display]))
                printer.Say(frame.Text);
            return ExitCode.Success;
        }
        var answer = (await client.GetAsync("v1/app", cancellationToken)).EnsureSuccess();
        if (!printer.Data(answer.Body, [client.Connection.Display]))
            printer.Say(Printer.Line(answer.Body));
        return ExitCode.Success;
    }
}

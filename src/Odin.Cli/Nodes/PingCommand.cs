using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Nodes;

/// <summary><c>odin ping</c>: whether the server answers, and what it is.</summary>
internal sealed class PingCommand : RemoteCommand
{
    public PingCommand(CliSession session)
        : base(session, "ping", "Asks the server whether it is well.")
    {
        Group = CommandGroup.Server;
        Examples = ["odin ping", "odin ping --scheme ws --port 30000"];
        Take(output: true);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        if (call.IsWebSocket)
        {
            var now = Session.Environment.Time.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
            var frame = await call.AskAsync("PING", JsonValue.Create(now), null, cancellationToken);
            if (!call.Printer.Data(frame.Response, [call.Client.Connection.Display]))
                call.Printer.Say(frame.Text);
            return ExitCode.Success;
        }
        var answer = (await call.Client.GetAsync("v1/app", cancellationToken)).EnsureSuccess();
        if (!call.Printer.Data(answer.Body, [call.Client.Connection.Display]))
            call.Printer.Say(Printer.Line(answer.Body));
        return ExitCode.Success;
    }
}

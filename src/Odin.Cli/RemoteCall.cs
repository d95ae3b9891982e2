using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Sockets;

namespace Odin.Cli;

/// <summary>One run of a command that asks a server: what was typed, the server, and the writer of the answer.</summary>
internal sealed class RemoteCall(CliSession session, ParseResult parse) : IDisposable
{
    public CliSession Session { get; } = session;

    public ParseResult Parse { get; } = parse;

    public OdinClient Client { get; } = session.Connect(parse);

    public RunsClient Runs => new(Client);

    public Printer Printer { get; } = session.Printer(parse);

    /// <summary>Whether the WebSocket protocol was asked for, instead of REST.</summary>
    public bool IsWebSocket => Client.Connection.IsWebSocket;

    /// <summary>The only answer to a command of the WebSocket protocol.</summary>
    /// <param name="hint">What to type when there is no such thing.</param>
    public async Task<SocketFrame> AskAsync(string command, JsonNode? wish, string? hint, CancellationToken cancellationToken)
    {
        await foreach (var frame in ExchangeAsync(command, wish, cancellationToken))
            return frame.EnsureSuccess(hint);
        throw new CliException(ExitCode.Unavailable, $"{Client.Connection.Display} closed the connection without an answer", "Try again in a moment.");
    }

    /// <summary>Every answer to a command of the WebSocket protocol, up to its END or ERROR.</summary>
    public async IAsyncEnumerable<SocketFrame> ExchangeAsync(
        string command, JsonNode? wish, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var token = await Client.TokenAsync(cancellationToken);
        using var invoker = Client.SocketInvoker();
        var request = new JsonObject { ["command"] = command, ["request"] = wish };
        await foreach (var frame in OdinSocket.ExchangeAsync(Client.Connection, invoker, token, request, cancellationToken))
            yield return frame;
    }

    public void Dispose() => Client.Dispose();
}

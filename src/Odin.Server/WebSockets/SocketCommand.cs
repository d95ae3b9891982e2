namespace Odin.Server.WebSockets;

/// <summary>What a command has to work with.</summary>
/// <param name="User">Who asks; null: somebody unknown on this machine.</param>
internal sealed record SocketCall(SocketRequest Request, SocketChannel Channel, string? User);

/// <summary>One command of the protocol.</summary>
internal interface ISocketCommand
{
    /// <summary>In capitals, as on the wire.</summary>
    string Name { get; }

    /// <summary>Sends all frames of the answer. An exception becomes an ERROR frame.</summary>
    Task RunAsync(SocketCall call, CancellationToken cancellationToken);
}

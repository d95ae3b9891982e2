namespace Odin.Server.Hosting;

/// <summary>Which part of Odin a process is.</summary>
internal enum ServerRole
{
    /// <summary>The API, the WebSockets and the engine behind them.</summary>
    Server,

    /// <summary>Describes its machine and GPUs to servers; one on each node.</summary>
    Agent,
}

using Odin.Nodes;

namespace Odin.Server.Nodes;

/// <summary>The machines: how an agent describes its own, and how a server finds the agents.</summary>
internal sealed record NodeOptions
{
    /// <summary>
    /// Where the agents are: addresses such as <c>http://gpu-1:29999</c>, and <c>dns+http://NAME:29999</c> for all addresses
    /// of a name. Empty: there are none, and the server describes its own machine.
    /// </summary>
    public IReadOnlyList<Uri> Agents { get; init; } = [];

    /// <summary>How long one agent may take to answer; the GPUs of the server's own machine too.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What an agent demands and a server sends as a bearer token; null: nothing.</summary>
    public string? Token { get; init; }

    /// <summary>The name of this machine.</summary>
    public string Host { get; init; } = Environment.MachineName;

    /// <summary>Paths whose file systems are shown; the first one is the node's storage.</summary>
    public IReadOnlyList<string> Disks { get; init; } = ["/"];

    public GpuReaderOptions Gpus { get; init; } = new();

    // It holds a secret.
    public override string ToString() => nameof(NodeOptions);
}

using System.CommandLine;
using Odin.Cli.Output;
using Odin.Cli.Servers;

namespace Odin.Cli;

/// <summary>A command that asks a server: it takes the options that say which one and how to write the answer, and finds both open.</summary>
internal abstract class RemoteCommand(CliSession session, string name, string description) : OdinCommand(session, name, description)
{
    /// <summary>Gives the command its own arguments and options, and behind them those of every command that asks a server.</summary>
    /// <param name="output">Whether its result has formats.</param>
    protected void Take(bool output, params ReadOnlySpan<Symbol> own)
    {
        foreach (var symbol in own)
        {
            if (symbol is Argument argument)
                Add(argument);
            else
                Add((Option)symbol);
        }
        if (output)
            Add(OutputOptions.Format);
        ConnectionOptions.AddTo(this);
    }

    protected sealed override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var call = new RemoteCall(Session, parse);
        return await RunAsync(call, cancellationToken);
    }

    protected abstract Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken);
}

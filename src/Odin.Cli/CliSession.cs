using System.CommandLine;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Runs;
using Odin.Cli.Servers;

namespace Odin.Cli;

/// <summary>One invocation of the program: its environment, and what was taken from the command line before it was parsed.</summary>
/// <param name="StockAlias">Run through a link such as <c>odin-run</c>: print what the original client prints.</param>
internal sealed record CliSession(
    CliEnvironment Environment, IReadOnlyList<string> Arguments, IReadOnlyList<TemplateArgument> TemplateArguments, bool StockAlias)
{
    /// <summary>Where the command line points to.</summary>
    public Connection Locate(ParseResult parse) =>
        new ConnectionResolver(Environment, StockAlias).Resolve(ConnectionFlags.From(parse));

    /// <summary>A client for the server that the command line points to.</summary>
    public OdinClient Connect(ParseResult parse)
    {
        var flags = ConnectionFlags.From(parse);
        return OdinClient.Create(Environment, new ConnectionResolver(Environment, StockAlias).Resolve(flags), flags);
    }

    /// <summary>The writer of results and messages in the format that was asked for.</summary>
    public Printer Printer(ParseResult parse) => new(Environment, OutputOptions.Read(parse));
}

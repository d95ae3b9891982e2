using System.CommandLine;

namespace Odin.Cli;

/// <summary>The headings of the program's help.</summary>
internal enum CommandGroup
{
    Start,
    Runs,
    Jobs,
    Lifecycle,
    Server,
    Settings,
}

/// <summary>A command of the program: a name, an action that returns an <see cref="ExitCode"/>, and examples.</summary>
internal abstract class OdinCommand : Command
{
    protected OdinCommand(CliSession session, string name, string description)
        : base(name, description)
    {
        Session = session;
        SetAction((parse, cancellationToken) => RunAsync(parse, cancellationToken));
    }

    /// <summary>Under which heading the help lists it.</summary>
    public CommandGroup Group { get; protected init; } = CommandGroup.Runs;

    /// <summary>Lines that can be typed as they are, each with an optional <c>  # remark</c>.</summary>
    public IReadOnlyList<string> Examples { get; protected init; } = [];

    /// <summary>What else the help has to say, behind the options; null: nothing.</summary>
    public string? Remark { get; protected init; }

    protected CliSession Session { get; }

    protected abstract Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken);
}

using System.CommandLine;

namespace Odin.Cli.Odahuflowctl;

/// <summary>An option with an opposite, as <c>--wait/--no-wait</c>; the last one counts.</summary>
internal sealed class CtlSwitch(string on, string off, bool isOn, string description, bool isRecursive = false)
{
    public Option<bool> On { get; } = Create(on, $"{description}{(isOn ? "  [default]" : "")}", isRecursive);

    public Option<bool> Off { get; } = Create(off, $"The opposite of {on}.{(isOn ? "" : "  [default]")}", isRecursive);

    public bool Read(ParseResult parse)
    {
        var last = parse.Tokens.LastOrDefault(t => t.Value == on || t.Value == off);
        return last is null ? isOn : last.Value == on;
    }

    private static Option<bool> Create(string name, string description, bool isRecursive) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero, Recursive = isRecursive };
}

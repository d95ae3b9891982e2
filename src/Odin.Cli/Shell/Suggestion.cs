using System.CommandLine;
using System.Globalization;

namespace Odin.Cli.Shell;

/// <summary>A shell's question for completions: <c>odin "[suggest:POSITION]" "LINE"</c>, the line with the program's name.</summary>
internal sealed record Suggestion(string Line)
{
    private const string Prefix = "[suggest";

    /// <summary>The question in these arguments; null when they are something else.</summary>
    public static Suggestion? TryParse(string[] arguments)
    {
        if (arguments is not [var directive, .. var rest] || !directive.StartsWith(Prefix, StringComparison.Ordinal) || !directive.EndsWith(']'))
            return null;
        var line = rest.Length > 0 ? rest[0] : "";
        var number = directive[Prefix.Length..^1].TrimStart(':');
        if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var position) && position < line.Length)
            line = line[..position];
        // The program's name is not part of what is parsed, but an old one stands for a command.
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0)
            return new Suggestion("");
        var typed = line[(space + 1)..];
        return new Suggestion(ProgramName.CommandOf(line[..space]) is { } command ? $"{command} {typed}" : typed);
    }

    public int Write(Command root, TextWriter output)
    {
        // The parser offers also what has the word in its middle; a shell can only add to what is typed.
        var word = Line[(Line.LastIndexOf(' ') + 1)..];
        foreach (var completion in root.Parse(Line).GetCompletions(Line.Length).Select(c => c.InsertText ?? c.Label))
        {
            if (completion.StartsWith(word, StringComparison.Ordinal))
                output.WriteLine(completion);
        }
        return ExitCode.Success;
    }
}

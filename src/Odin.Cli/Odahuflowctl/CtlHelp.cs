using System.CommandLine;

namespace Odin.Cli.Odahuflowctl;

/// <summary>The help of a command, in the shape of the older client's.</summary>
internal static class CtlHelp
{
    private const int Width = 100, WidestNames = 40;

    public static readonly Option<bool> Option = new("--help", "-h") { Description = "Show this message and exit.", Recursive = true };

    /// <summary>Whether help was asked for, or a group of commands was named and none of them.</summary>
    public static bool TryWrite(ParseResult parse, TextWriter output)
    {
        var command = parse.CommandResult.Command;
        var isIncomplete = command.Action is null && parse.UnmatchedTokens.Count == 0 && !parse.Errors.Any(e => e.Message.StartsWith("Invalid", StringComparison.Ordinal));
        if (!parse.GetValue(Option) && !isIncomplete)
            return false;
        Write(command, output);
        return true;
    }

    /// <returns>The exit code of who asks for it.</returns>
    public static int Write(Command command, TextWriter output)
    {
        output.WriteLine(Usage(command));
        output.WriteLine();
        foreach (var line in Wrap(command.Description ?? "", Width - 2))
            output.WriteLine($"  {line}");
        WriteList(output, "Options", [.. Options(command).Select(o => (Names(o), o.Description ?? ""))]);
        WriteList(output, "Commands", [.. command.Subcommands.Where(c => !c.Hidden).OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => (c.Name, c.Description ?? ""))]);
        return ExitCode.Success;
    }

    public static string Usage(Command command)
    {
        var behind = command.Subcommands.Count > 0 ? " COMMAND [ARGS]..." : string.Concat(command.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $" [{a.Name}]" : $" {a.Name}"));
        return $"Usage: {PathOf(command)} [OPTIONS]{behind}";
    }

    /// <summary>What one types to get to it.</summary>
    public static string PathOf(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent)} {command.Name}" : command.Name;

    private static IEnumerable<Option> Options(Command command) => command.Options.Where(o => !o.Hidden).Append(Option).Distinct();

    private static string Names(Option option)
    {
        var names = string.Join(", ", option.Aliases.Append(option.Name).Where(n => !n.Contains('_', StringComparison.Ordinal)).Distinct().OrderBy(n => n.Length));
        return option.ValueType == typeof(bool) ? names : $"{names} {option.HelpName ?? "TEXT"}";
    }

    private static void WriteList(TextWriter output, string heading, IReadOnlyList<(string Name, string Text)> items)
    {
        if (items.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine($"{heading}:");
        var width = Math.Min(items.Max(i => i.Name.Length), WidestNames);
        foreach (var (name, text) in items)
        {
            var lines = Wrap(text, Width - width - 4).ToList();
            if (name.Length > width)
                output.WriteLine($"  {name}");
            output.WriteLine($"  {(name.Length > width ? "" : name).PadRight(width)}  {lines.FirstOrDefault()}".TrimEnd());
            foreach (var line in lines.Skip(1))
                output.WriteLine($"  {new string(' ', width)}  {line}");
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }
        yield return line;
    }
}

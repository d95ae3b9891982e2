using System.CommandLine;
using Odin.Cli.Output;
using Odin.Cli.Servers;

namespace Odin.Cli.Shell;

/// <summary>Options of many commands that were typed before the command: <c>odin --url URL status wine</c>.</summary>
internal static class LeadingOptions
{
    /// <summary>The command line with those options behind all else; unchanged where there are none.</summary>
    public static string[] Move(string[] arguments)
    {
        var taken = 0;
        while (taken < arguments.Length && Find(arguments[taken]) is { } option)
            taken += TakesNext(option, arguments[taken]) ? 2 : 1;
        // Without a command behind them they are not for us to judge.
        if (taken == 0 || taken >= arguments.Length || arguments[taken].StartsWith('-'))
            return arguments;
        var rest = arguments.AsSpan(taken);
        var end = rest.IndexOf("--");
        return end < 0
            ? [.. rest, .. arguments[..taken]]
            : [.. rest[..end], .. arguments[..taken], .. rest[end..]];
    }

    private static Option? Find(string word)
    {
        var name = word.Split('=', ':')[0];
        return ConnectionOptions.All.Append(OutputOptions.Format).FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));
    }

    private static bool TakesNext(Option option, string word) =>
        option.ValueType != typeof(bool) && !word.Contains('=', StringComparison.Ordinal) && !word.Contains(':', StringComparison.Ordinal);
}

using System.CommandLine;
using System.CommandLine.Parsing;

namespace Odin.Cli.Odahuflowctl;

/// <summary>What is wrong with a command line, in the words of the library that the older client is made with.</summary>
internal static class ClickErrors
{
    /// <summary>The first mistake; null: there is none.</summary>
    public static string? Find(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        return WithoutValue(parse) ?? Unknown(parse, command) ?? Own(parse) ?? MissingOption(parse, command) ?? MissingArgument(parse, command) ?? Further(parse, command)
            ?? parse.Errors.Select(e => e.Message).FirstOrDefault();
    }

    private static string? WithoutValue(ParseResult parse) => Results(parse.CommandResult)
        .Where(r => r is { Implicit: false, Option.Arity.MinimumNumberOfValues: > 0, Tokens.Count: 0 })
        .Select(r => $"Option '{r.IdentifierToken?.Value ?? r.Option.Name}' requires an argument.")
        .FirstOrDefault();

    private static string? Unknown(ParseResult parse, Command command)
    {
        if (parse.UnmatchedTokens.FirstOrDefault(t => t is ['-', not '-', ..] or ['-', '-', _, ..]) is { } option)
            return $"No such option: {option.Split('=')[0]}";
        return parse.UnmatchedTokens is [var first, ..] && command.Subcommands.Count > 0 ? $"No such command '{first}'." : null;
    }

    // Those of our validators.
    private static string? Own(ParseResult parse) =>
        parse.Errors.Select(e => e.Message).FirstOrDefault(m => m.StartsWith("Invalid value for ", StringComparison.Ordinal));

    private static string? MissingOption(ParseResult parse, Command command) => command.Options
        .Where(o => o.Required && parse.GetResult(o) is null or { Implicit: true })
        .Select(o => $"Missing option '{string.Join("' / '", Names(o))}'.")
        .FirstOrDefault();

    private static string? MissingArgument(ParseResult parse, Command command) => command.Arguments
        .Where(a => a.Arity.MinimumNumberOfValues > 0 && parse.GetResult(a) is null or { Tokens.Count: 0 })
        .Select(a => $"Missing argument '{a.Name}'.")
        .FirstOrDefault();

    private static string? Further(ParseResult parse, Command command) => parse.UnmatchedTokens.Count == 0 || command.Subcommands.Count > 0 ? null
        : $"Got unexpected extra argument{(parse.UnmatchedTokens.Count > 1 ? "s" : "")} ({string.Join(' ', parse.UnmatchedTokens)})";

    private static IEnumerable<OptionResult> Results(SymbolResult? result)
    {
        for (; result is CommandResult command; result = result.Parent)
        {
            foreach (var option in command.Children.OfType<OptionResult>())
                yield return option;
        }
    }

    // Another spelling that is only tolerated is not named.
    private static IEnumerable<string> Names(Option option) =>
        option.Aliases.Append(option.Name).Where(n => !n.Contains('_', StringComparison.Ordinal) || n == option.Name).Distinct().OrderByDescending(n => n.Length);
}

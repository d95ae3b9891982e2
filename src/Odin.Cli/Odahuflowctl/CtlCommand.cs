using System.CommandLine;

namespace Odin.Cli.Odahuflowctl;

/// <summary>Builds groups of commands, and their options.</summary>
internal static class CtlCommand
{
    /// <summary>Commands under a name.</summary>
    /// <param name="alias">Null: there is none.</param>
    /// <param name="options">What all of them take.</param>
    public static Command Group(string name, string? alias, string description, IEnumerable<Option> options, params IEnumerable<Command> commands)
    {
        var group = new Command(name, description);
        if (alias is not null)
            group.Aliases.Add(alias);
        foreach (var option in options)
            group.Add(option);
        foreach (var command in commands)
            group.Add(command);
        return group;
    }

    public static Option<string?> Text(string name, string description, params string[] aliases) => new(name, aliases) { Description = description, HelpName = "TEXT" };

    /// <summary>An option that takes a whole number.</summary>
    /// <param name="mustBePositive">Whether the command line makes no sense otherwise.</param>
    public static Option<int> Number(string name, int value, string description, bool mustBePositive)
    {
        var option = new Option<int>(name) { Description = $"{description}  [default: {value}]", HelpName = "INTEGER" };
        option.DefaultValueFactory = _ => value;
        option.CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (!int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number))
                result.AddError(CtlMessages.InvalidValue(name, CtlMessages.NotAnInteger(text)));
            else if (mustBePositive && number <= 0)
                result.AddError(CtlMessages.InvalidValue(name, CtlMessages.WrongTimeout(text)));
            return number;
        };
        return option;
    }
}

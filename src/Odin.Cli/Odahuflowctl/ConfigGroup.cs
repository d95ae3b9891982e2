using System.CommandLine;

namespace Odin.Cli.Odahuflowctl;

/// <summary><c>config</c>: the variables of the program.</summary>
internal static class ConfigGroup
{
    private static readonly Argument<string> Key = new("KEY") { Description = "The name of the variable, in any case." };
    private static readonly Argument<string> Value = new("VALUE") { Description = "Its value; empty: it is removed." };
    private static readonly Option<bool> ShowSecrets = new("--show-secrets") { Description = "Show tokens and passwords.", Arity = ArgumentArity.Zero };
    private static readonly Option<bool> WithSystem = new("--with-system") { Description = "Show also what the program keeps for itself.", Arity = ArgumentArity.Zero };

    public static Command Create(CtlSession session) => CtlCommand.Group("config", "conf", "Work with the configuration.", [],
        Subcommand.Create("set", "Set a variable.", (parse, _) => Set(session, parse), Key, Value),
        Subcommand.Create("get", "Show a variable.", (parse, _) => Get(session, parse), Key, ShowSecrets),
        Subcommand.Create("all", "Show all variables.", (parse, _) => All(session, parse), ShowSecrets, WithSystem),
        Subcommand.Create("path", "Show where the configuration is.", (_, _) =>
        {
            session.Out.WriteLine(session.Configuration.FileName);
            return Task.FromResult(ExitCode.Success);
        }));

    private static Task<int> Set(CtlSession session, ParseResult parse)
    {
        var variable = Find(parse);
        session.Configuration.Store((variable.Name, parse.GetRequiredValue(Value)));
        session.Out.WriteLine(session.Configuration.Describe(variable, showSecret: true));
        return Task.FromResult(ExitCode.Success);
    }

    private static Task<int> Get(CtlSession session, ParseResult parse)
    {
        session.Out.WriteLine(session.Configuration.Describe(Find(parse), parse.GetValue(ShowSecrets)));
        return Task.FromResult(ExitCode.Success);
    }

    private static Task<int> All(CtlSession session, ParseResult parse)
    {
        session.Out.WriteLine("Configurable manually variables:");
        foreach (var variable in CtlVariable.All)
            session.Out.WriteLine(session.Configuration.Describe(variable, parse.GetValue(ShowSecrets)));
        if (parse.GetValue(WithSystem))
            session.Out.WriteLine("\nSystem variables:");
        return Task.FromResult(ExitCode.Success);
    }

    private static CtlVariable Find(ParseResult parse)
    {
        var name = parse.GetRequiredValue(Key).ToUpperInvariant();
        return CtlVariable.All.FirstOrDefault(v => v.Name == name) ?? throw CtlSession.Failure(CtlMessages.UnknownVariable(name));
    }
}

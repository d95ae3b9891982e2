using System.CommandLine;

namespace Odin.Cli.Odahuflowctl;

/// <summary><c>template</c>: manifests to begin with.</summary>
internal static class TemplateGroup
{
    private static readonly Option<string> Name = new("--name") { Description = "The template.", HelpName = "TEXT", Required = true };

    public static Command Create(CtlSession session) => CtlCommand.Group("template", "temp", "Manifests to begin with.", [],
        Subcommand.Create("all", "List the templates.", (_, _) =>
        {
            session.Out.WriteLine("Templates:");
            foreach (var name in CtlTemplates.All.Keys)
                session.Out.WriteLine($"* {name}");
            return Task.FromResult(ExitCode.Success);
        }),
        Subcommand.Create("generate", "Print a template.", (parse, _) =>
        {
            var name = parse.GetRequiredValue(Name);
            session.Out.WriteLine(CtlTemplates.All.TryGetValue(name, out var text) ? text : throw CtlSession.Failure(CtlMessages.NoTemplate(name)));
            return Task.FromResult(ExitCode.Success);
        }, Name));
}

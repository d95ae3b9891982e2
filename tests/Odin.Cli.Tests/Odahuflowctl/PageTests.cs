using System.CommandLine;
using Odin.Cli.Odahuflowctl;

namespace Odin.Cli.Tests.Odahuflowctl;

/// <summary>The reference page names all there is.</summary>
public sealed class PageTests : IDisposable
{
    private readonly CliTest cli = new();

    public void Dispose() => cli.Dispose();

    [Fact]
    public void Page_NamesEveryCommandOptionAndVariable()
    {
        var page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "reference", "odahuflowctl.md"));
        var root = CtlTree.Create(new CtlSession(cli.Environment(TextWriter.Null, TextWriter.Null)));
        var names = All(root).SelectMany(c => c.Aliases.Append(c.Name).Concat(c.Options.Select(o => o.Name))).Concat(CtlVariable.All.Select(v => v.Name));
        var missing = names.Distinct().Where(n => !page.Contains(n, StringComparison.Ordinal)).ToList();
        Assert.True(missing.Count == 0, $"The page does not name {string.Join(", ", missing)}.");
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}

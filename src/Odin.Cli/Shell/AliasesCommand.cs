using System.CommandLine;

namespace Odin.Cli.Shell;

/// <summary><c>odin aliases</c>: links under the original client's names.</summary>
internal sealed class AliasesCommand : OdinCommand
{
    private static readonly Option<string> Target = new("--dir")
    {
        Description = "The directory for the links; it should be in PATH.",
        HelpName = "DIR",
        Required = true,
    };

    public AliasesCommand(CliSession session)
        : base(session, "aliases", "Makes links called odin-run, odin-chores, yaml2json and so on, which behave as the old commands.")
    {
        Group = CommandGroup.Settings;
        Examples = ["odin aliases --dir ~/.local/bin"];
        Add(Target);
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var program = Environment.ProcessPath;
        if (program is null || Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            throw new CliException(
                ExitCode.Failure, "this program runs under 'dotnet', so a link to it would have no name of its own", "Run the program 'odin' itself.");
        }
        var directory = Directory.CreateDirectory(parse.GetRequiredValue(Target)).FullName;
        foreach (var alias in ProgramName.Aliases)
            Link(Path.Combine(directory, alias), program);
        Session.Environment.Error.WriteLine($"{ProgramName.Aliases.Count} links to '{program}' are in '{directory}'.");
        var path = (Session.Environment["PATH"] ?? "").Split(Path.PathSeparator);
        if (!path.Contains(directory))
            Session.Environment.Error.WriteLine($"It is not in PATH yet: type `export PATH=\"{directory}:$PATH\"`.");
        return Task.FromResult(ExitCode.Success);
    }

    // A link of ours is replaced; a program of somebody else's is not.
    private static void Link(string link, string program)
    {
        var existing = new FileInfo(link);
        if (existing.LinkTarget is { } target && Path.GetFileName(target) == Path.GetFileName(program))
            existing.Delete();
        else if (existing.Exists || existing.LinkTarget is not null)
            throw new CliException(ExitCode.Failure, $"'{link}' exists and is not a link to this program", "Choose another directory, or remove it.");
        File.CreateSymbolicLink(link, program);
    }
}

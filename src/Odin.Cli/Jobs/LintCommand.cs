using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Runs;
using Odin.Pipelines;

namespace Odin.Cli.Jobs;

/// <summary><c>odin lint</c>: checks jobs without a server.</summary>
internal sealed class LintCommand : OdinCommand
{
    private static readonly Argument<string> Target = new("PATH")
    {
        Description = "A job's directory, a directory of jobs, or a file.",
        DefaultValueFactory = _ => ".",
    };

    public LintCommand(CliSession session)
        : base(session, "lint", "Checks jobs without a server, and prints everything that is wrong with file:line:column.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin lint wine", "odin lint wine/main.yml -o json", "odin lint templated --x:depth 3"];
        Add(Target);
        Add(RunOptions.TemplateValue);
        Add(OutputOptions.Format);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var linter = new JobLinter(TemplateArguments.ToContext(Session.TemplateArguments));
        var files = JobLinter.Find(parse.GetRequiredValue(Target));
        foreach (var file in files)
            await linter.CheckAsync(file, cancellationToken);
        var printer = Session.Printer(parse);
        var document = new JsonArray([.. linter.Diagnostics.Select(LocalRecords.Of)]);
        if (!printer.Data(document, linter.Diagnostics.Select(d => d.File).Distinct()))
        {
            foreach (var diagnostic in linter.Diagnostics)
                printer.Say(diagnostic.ToString());
        }
        var errors = linter.Diagnostics.Count(d => d.Severity == DiagnosticSeverity.Error);
        var warnings = linter.Diagnostics.Count - errors;
        printer.Note(linter.Diagnostics.Count == 0
            ? $"{Count(files.Count, "file")}, {Count(linter.Tasks, "task")}: nothing is wrong."
            : $"{Count(errors, "error")}, {Count(warnings, "warning")}.");
        return errors > 0 ? ExitCode.InvalidPipeline : ExitCode.Success;
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}

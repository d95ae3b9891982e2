using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Chores;
using Odin.Cli.Output;

namespace Odin.Cli.Chores;

/// <summary><c>odin chore run</c>: the chores of a file, in the order of their dependencies.</summary>
internal sealed class RunChoresCommand : TaskCommand
{
    private static readonly Argument<string> Source = new("FILE") { Description = "A YAML file with a list \"chores\"." };
    private static readonly Option<string?> Label = new("--label") { Description = "The id of this task; the task is known anyhow.", HelpName = "TASK_ID" };
    private static readonly Option<string?> Credentials = new("--cred") { Description = "Accepted for old files; nothing reads it.", HelpName = "FILE" };
    private static readonly Option<string[]> Modules = new("--modules")
    {
        Description = "Accepted for old files; every chore is built in.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
    };

    public RunChoresCommand(CliSession session)
        : base(session, "run", "Runs the chores of a file and keeps their results as chore_context in the task's record.")
    {
        Examples = ["odin chore run chores.yml"];
        Add(Source);
        Add(Label);
        Add(Credentials);
        Add(Modules);
    }

    protected override async Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        var file = parse.GetRequiredValue(Source);
        if (parse.GetValue(Label) is { } label && Environment["ODIN_TASK_ID"] is { } task && label != task)
            Environment.Error.WriteLine($"warning: this is task '{task}', so the results go into its record, not into that of '{label}'");
        using var chores = new BuiltInChores();
        var external = await ReadRunRecordAsync(cancellationToken);
        var parsed = new ChoreFileParser(chores.All).Parse(
            await ReadTextAsync(file, cancellationToken), Path.GetFileName(file), [.. external.Select(entry => entry.Key)]);
        if (parsed.File is null)
            throw new CliException(ExitCode.InvalidPipeline, string.Join('\n', parsed.Diagnostics));

        var outcome = await new ChoreRunner(chores.All, Environment.Error.WriteLine).RunAsync(parsed.File, external, cancellationToken);
        if (Environment[TaskFiles.RecordVariable] is { } record)
            await TaskFiles.AddRecordAsync(record, new JsonObject { ["chore_context"] = outcome.Results.DeepClone() }, cancellationToken);
        Environment.Out.WriteLine(Printer.Line(outcome.Results));
        return outcome.Error is null ? ExitCode.Success : throw new CliException(ExitCode.Failure, outcome.Error);
    }
}

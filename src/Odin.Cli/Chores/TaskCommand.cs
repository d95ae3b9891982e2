using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Chores;

namespace Odin.Cli.Chores;

/// <summary>A command that works inside a task: it finds the task's files in the environment.</summary>
internal abstract class TaskCommand(CliSession session, string name, string description) : OdinCommand(session, name, description)
{
    protected CliEnvironment Environment => Session.Environment;

    protected sealed override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        try
        {
            return await ActAsync(parse, cancellationToken);
        }
        catch (ChoreException e)
        {
            throw new CliException(ExitCode.Failure, e.Message);
        }
    }

    protected abstract Task<int> ActAsync(ParseResult parse, CancellationToken cancellationToken);

    /// <summary>The path in a variable that the engine sets for every task.</summary>
    protected string TaskFile(string variable) => Environment[variable] ?? throw new CliException(
        ExitCode.Failure, $"the environment variable {variable} is not set", "It is set inside tasks; elsewhere, set it to the path of a file.");

    /// <summary>The records of the run; empty outside a run.</summary>
    protected Task<JsonObject> ReadRunRecordAsync(CancellationToken cancellationToken) =>
        TaskFiles.ReadRunRecordAsync(Environment[TaskFiles.RunRecordVariable], cancellationToken);

    /// <summary>The whole text of a file; <c>-</c> is standard input.</summary>
    protected async Task<string> ReadTextAsync(string file, CancellationToken cancellationToken)
    {
        if (file == "-")
            return await Environment.In.ReadToEndAsync(cancellationToken);
        return File.Exists(file)
            ? await File.ReadAllTextAsync(file, cancellationToken)
            : throw new CliException(ExitCode.NotFound, $"there is no file '{file}'", "Paths are relative to the directory of the task; - is standard input.");
    }

    /// <summary>Writes to a file, or to standard output when none is given.</summary>
    protected async Task WriteTextAsync(string? file, string text, CancellationToken cancellationToken)
    {
        if (file is null)
            await Environment.Out.WriteAsync(text.AsMemory(), cancellationToken);
        else
            await File.WriteAllTextAsync(file, text, cancellationToken);
    }
}

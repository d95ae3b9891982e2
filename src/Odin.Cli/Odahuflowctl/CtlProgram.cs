using System.CommandLine;
using Odin.Cli.Shell;

namespace Odin.Cli.Odahuflowctl;

/// <summary>
/// The program <c>odahuflowctl</c>: this program under that name. Its words, exit codes and streams are the older client's:
/// what goes wrong at run time is said on standard output.
/// </summary>
internal static class CtlProgram
{
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(string[] arguments, CliEnvironment environment, bool handleSignals, CancellationToken cancellationToken)
    {
        if (Suggestion.TryParse(arguments) is { } suggestion && Complete(suggestion, environment) is { } completed)
            return completed;
        CtlSession? session = null;
        try
        {
            session = new CtlSession(environment);
            var root = CtlTree.Create(session);
            var parse = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            session.IsVerbose = CtlTree.Verbose.Read(parse) || session.Configuration.Flag(CtlVariable.Debug);
            if (CtlHelp.TryWrite(parse, environment.Out))
                return ExitCode.Success;
            if (ClickErrors.Find(parse) is { } mistake)
                return Misuse(environment, parse, mistake);
            var configuration = new InvocationConfiguration
            {
                Output = environment.Out,
                Error = environment.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = handleSignals ? TerminationTimeout : null,
            };
            try
            {
                return await parse.InvokeAsync(configuration, cancellationToken);
            }
            catch (CtlUsageException e)
            {
                return Misuse(environment, parse, e.Message);
            }
        }
        catch (OperationCanceledException)
        {
            await environment.Error.WriteLineAsync("Aborted!");
            return ExitCode.Failure;
        }
        catch (Exception e) when (e is CliException or IOException or HttpRequestException or UnauthorizedAccessException)
        {
            session?.Log("ERROR", $"Exception occurs during CLI invocation\n{e}");
            await environment.Out.WriteLineAsync($"Error: {e.Message}{(e is CliException { Hint: { } hint } ? $"\n{hint}" : "")}");
            if (session is { IsVerbose: false })
                await environment.Out.WriteLineAsync(CtlMessages.VerboseHint);
            return ExitCode.Failure;
        }
    }

    /// <summary>Answers a shell's question for completions; null: it is not about this program.</summary>
    public static int? Complete(Suggestion suggestion, CliEnvironment environment)
    {
        if (!suggestion.Line.StartsWith(ProgramName.Odahuflowctl + " ", StringComparison.Ordinal))
            return null;
        var typed = suggestion.Line[(ProgramName.Odahuflowctl.Length + 1)..];
        return new Suggestion(typed).Write(CtlTree.Create(new CtlSession(environment)), environment.Out);
    }

    private static int Misuse(CliEnvironment environment, ParseResult parse, string mistake)
    {
        var command = parse.CommandResult.Command;
        environment.Error.WriteLine(CtlHelp.Usage(command));
        environment.Error.WriteLine($"Try '{CtlHelp.PathOf(command)} --help' for help.");
        environment.Error.WriteLine();
        environment.Error.WriteLine($"Error: {mistake}");
        return ExitCode.Usage;
    }
}

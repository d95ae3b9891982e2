using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;
using Odin.Cli.Odahuflowctl;
using Odin.Cli.Output;
using Odin.Cli.Runs;
using Odin.Cli.Shell;
using Odin.Pipelines;

namespace Odin.Cli;

/// <summary>The program: from the command line to the exit code. Every failure is said here, once.</summary>
internal static partial class OdinProgram
{
    // Long enough for the demo to stop its server.
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(30);

    /// <param name="alias">The command that the program's name stands for, in one word or more; null: the first argument is the command.</param>
    /// <param name="handleSignals">Whether Ctrl-C and SIGTERM cancel the command; false where the caller cancels.</param>
    public static async Task<int> RunAsync(
        string[] arguments, CliEnvironment environment, string? alias, bool handleSignals, CancellationToken cancellationToken)
    {
        if (alias == ProgramName.Odahuflowctl)
            return await CtlProgram.RunAsync(arguments, environment, handleSignals, cancellationToken);
        try
        {
            if (arguments is ["help", .. var topic])
                arguments = [.. topic, "--help"];
            arguments = alias is null ? LeadingOptions.Move(arguments) : [.. alias.Split(' '), .. arguments];
            if (Suggestion.TryParse(arguments) is { } suggestion)
            {
                return CtlProgram.Complete(suggestion, environment)
                    ?? suggestion.Write(CommandTree.Create(new CliSession(environment with { CanPrompt = false }, [], [], false)), environment.Out);
            }
            // The server reads its own command line.
            var (remaining, values) = arguments is ["server", ..]
                ? (arguments, [])
                : TemplateArguments.Extract(arguments);
            var root = CommandTree.Create(new CliSession(environment, arguments, values, alias is not null));
            var parse = root.Parse(remaining, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parse.Action is ParseErrorAction or null)
                throw Misuse(parse);
            var configuration = new InvocationConfiguration
            {
                Output = environment.Out,
                Error = environment.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = handleSignals ? TerminationTimeout : null,
            };
            return await parse.InvokeAsync(configuration, cancellationToken);
        }
        catch (CliException e)
        {
            return Fail(environment, e.ExitCode, e.Message, e.Hint);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return Fail(environment, e is HttpRequestException or HttpIOException ? ExitCode.Unavailable : ExitCode.Failure, e.Message, null);
        }
        catch (UnauthorizedAccessException e)
        {
            return Fail(environment, ExitCode.Failure, e.Message, "Check who owns the file.");
        }
    }

    private static CliException Misuse(ParseResult parse)
    {
        var command = Path(parse.CommandResult.Command);
        var message = string.Join('\n', parse.Errors.Select(e => WrongType().Replace(e.Message, Expectation)).Distinct());
        var candidates = parse.CommandResult.Command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)
            .Concat(parse.CommandResult.Command.Options.Where(o => !o.Hidden).Select(o => o.Name));
        var unknown = parse.UnmatchedTokens.Count > 0 ? parse.UnmatchedTokens[0] : null;
        if (unknown is ['-', ..] && parse.Tokens[0].Value == unknown)
            return new CliException(ExitCode.Usage, $"the option '{unknown}' stands before the command", $"Put it behind: `odin COMMAND {unknown}`. Type `odin` to see the commands.");
        var meant = unknown is not null ? NearestName.Find(unknown, candidates.Where(c => c != unknown)) : null;
        var help = $"Type `{command} --help` to see what it takes.";
        return new CliException(ExitCode.Usage, message, meant is null ? help : $"Did you mean '{meant}'? {help}");
    }

    // The parser names the type of .NET, which says nothing to who typed.
    private static string Expectation(Match match) =>
        $"'{match.Groups["value"].Value}' is not {(match.Groups["type"].Value.Contains("Int", StringComparison.Ordinal) ? "a whole number" : "a value")} for '{match.Groups["option"].Value}'.";

    [GeneratedRegex("^Cannot parse argument '(?<value>.*)' for (?:option|command) '(?<option>.*?)' as expected type '(?<type>.*)'\\.$", RegexOptions.Singleline)]
    private static partial Regex WrongType();

    private static string Path(Command command)
    {
        var parent = command.Parents.OfType<Command>().FirstOrDefault();
        return parent is null ? "odin" : $"{Path(parent)} {command.Name}";
    }

    private static int Fail(CliEnvironment environment, int exitCode, string message, string? hint)
    {
        // Servers and models are quoted in it.
        message = PlainText.Of(message);
        var label = environment.ColourError ? "\e[31;1merror:\e[0m" : "error:";
        // Diagnostics of a file come with their own label, one a line.
        environment.Error.WriteLine(exitCode == ExitCode.InvalidPipeline ? message : $"{label} {message}");
        if (hint is not null)
            environment.Error.WriteLine(PlainText.Of(hint));
        return exitCode;
    }
}

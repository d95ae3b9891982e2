using System.CommandLine;
using Odin.Cli.LocalModels;

namespace Odin.Cli.Odahuflowctl;

/// <summary><c>gppi test|predict</c>: runs a model's directory in its own Python. The work is done by the Python runtime, in the same words.</summary>
internal sealed class GppiGroup
{
    private const string Program = "odin-gppi", PathVariable = "ODAHUFLOW_GPPI_MODEL_PATH", EnvironmentVariable = "ODAHUFLOW_CONDA";

    private static readonly Option<string?> Model = Recursive("--gppi-model-path", $"The model's directory. Default: {PathVariable}.", "-m");
    private static readonly Option<string?> EnvironmentName = Recursive("--env-name", $"A conda environment, made where it is missing. Default: {EnvironmentVariable}.", "-e");
    private static readonly Option<bool> UseCurrent = new("--use-current-env") { Description = "Use the Python there is, as it is.", Recursive = true, Arity = ArgumentArity.Zero };
    private static readonly Option<bool> SkipDependencies = new("--skip-deps") { Description = "Install nothing.", Recursive = true, Arity = ArgumentArity.Zero };
    private static readonly Argument<string> Input = new("INPUT_FILE") { Description = "JSON with the rows: {columns, data}." };
    private static readonly Argument<string> Output = new("OUTPUT_DIR") { Description = "Where the result is written." };
    private static readonly Option<string?> OutputName = CtlCommand.Text("--output-file-name", "The name of the result.  [default: results.json]", "-o");

    private readonly CtlSession session;

    private GppiGroup(CtlSession session) => this.session = session;

    public static Command Create(CtlSession session)
    {
        var group = new GppiGroup(session);
        return CtlCommand.Group("gppi", null, "Try a model's directory.", [Model, UseCurrent, EnvironmentName, SkipDependencies],
            Subcommand.Create("test", "Load the model and predict its sample.", (parse, token) => group.RunAsync(parse, ["test"], token)),
            Subcommand.Create("predict", "Predict the rows of a file.", (parse, token) => group.RunAsync(
                parse, ["predict", Full(session, parse.GetRequiredValue(Input)), Full(session, parse.GetRequiredValue(Output)), "-o", parse.GetValue(OutputName) ?? "results.json"], token),
                Input, Output, OutputName));
    }

    private async Task<int> RunAsync(ParseResult parse, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var model = parse.GetValue(Model) ?? session.Environment[PathVariable] ?? throw CtlSession.Failure(CtlMessages.GppiPathMissing);
        List<string> arguments = ["--gppi-model-path", Full(session, model)];
        if ((parse.GetValue(EnvironmentName) ?? session.Environment[EnvironmentVariable]) is { } name)
            arguments.AddRange(["--env-name", name]);
        if (parse.GetValue(UseCurrent))
            arguments.Add("--use-current-env");
        if (parse.GetValue(SkipDependencies))
            arguments.Add("--skip-deps");
        if (session.IsVerbose)
            arguments.Add("--verbose");
        var code = await new LocalProgram(session.Environment, session.Environment.Error).RunAsync(
            Program, [.. arguments, .. command], session.Environment.WorkingDirectory, new Dictionary<string, string>(), _ => { }, cancellationToken);
        if (code != ExitCode.Success && !session.IsVerbose)
            session.Out.WriteLine(CtlMessages.VerboseHint);
        return code == ExitCode.Success ? ExitCode.Success : ExitCode.Failure;
    }

    private static string Full(CtlSession session, string path) => Path.GetFullPath(path, session.Environment.WorkingDirectory);

    private static Option<string?> Recursive(string name, string description, string alias)
    {
        var option = CtlCommand.Text(name, description, alias);
        option.Recursive = true;
        return option;
    }
}

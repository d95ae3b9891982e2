using System.CommandLine;
using Odin.Cli.Odahuflowctl;

namespace Odin.Cli.LocalModels;

/// <summary>The options of work on this machine, which are the same under both names of the program.</summary>
internal sealed class LocalOptions
{
    public Option<string> TrainingId { get; } = new("--train-id", "--id") { Description = "The training's ID.", HelpName = "TEXT", Required = true };

    public Option<string> PackagingId { get; } = new("--pack-id", "--id") { Description = "The packaging's ID.", HelpName = "TEXT", Required = true };

    public Option<string[]> Files { get; } = new("--manifest-file", "-f") { Description = "A file with entities; may be given several times.", HelpName = "PATH" };

    public Option<string[]> Directories { get; } = new("--manifest-dir", "-d") { Description = "A directory with files of entities; may be given several times.", HelpName = "PATH" };

    public Option<string?> Output { get; } = CtlCommand.Text("--output-dir", "The directory for models. Default: LOCAL_MODEL_OUTPUT_DIR of odahuflowctl's configuration, else ~/.odahuflow/training_output.", "--output");

    public Option<string?> ArtifactPath { get; } = CtlCommand.Text("--artifact-path", "The directory in which the model's directory lies. Default: where local trainings leave models.");

    public Option<string?> ArtifactName { get; } = CtlCommand.Text("--artifact-name", "The model. Default: artifactName of the packaging.", "-a");

    public CtlSwitch WithoutTargets { get; } = new("--disable-package-targets", "--no-disable-package-targets", isOn: true, "Do not push what is made.");

    public Option<string[]> DisabledTargets { get; } = new("--disable-target") { Description = "Leave a target out; may be given several times.", HelpName = "TEXT" };

    public Option<string> ListFormat { get; } = CreateListFormat();

    public Symbol[] OfTraining => [TrainingId, Files, Directories, Output];

    public Symbol[] OfPackaging => [PackagingId, Files, Directories, ArtifactPath, ArtifactName, WithoutTargets.On, WithoutTargets.Off, DisabledTargets];

    public LocalPackagingWish Wish(ParseResult parse, CliEnvironment environment, string root) => new(
        parse.GetRequiredValue(PackagingId),
        parse.GetValue(ArtifactPath) is { } path ? Path.GetFullPath(path, environment.WorkingDirectory) : root,
        parse.GetValue(ArtifactName),
        !WithoutTargets.Read(parse),
        parse.GetValue(DisabledTargets) ?? []);

    /// <summary>Where models are kept.</summary>
    public string Root(ParseResult parse, CliEnvironment environment, CtlConfiguration configuration)
    {
        var path = parse.GetValue(Output) ?? configuration.Text(CtlVariable.OutputDirectory);
        return Path.GetFullPath(path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(environment.Home, path[2..]) : path, environment.WorkingDirectory);
    }

    private static Option<string> CreateListFormat()
    {
        var option = new Option<string>("--output-format", "-o") { Description = "How to write the list: text or json.  [default: text]", HelpName = "TEXT" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [.., var last] && last.Value is not ("text" or "json"))
                result.AddError(CtlMessages.InvalidValue("--output-format' / '-o", $"invalid choice: {last.Value}. (choose from text, json)"));
        });
        return option;
    }
}

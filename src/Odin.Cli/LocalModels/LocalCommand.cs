using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Odahuflowctl;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Cli.Odahuflowctl.Output;
using Odin.Cli.Servers;

namespace Odin.Cli.LocalModels;

/// <summary><c>odin local train|pack</c>: trains and packages on this machine, without a server.</summary>
internal sealed class LocalCommand : OdinCommand
{
    private readonly LocalOptions options = new();

    public LocalCommand(CliSession session)
        : base(session, "local", "Trains and packages on this machine, without a server.")
    {
        Group = CommandGroup.Lifecycle;
        Examples = ["odin local train run --id wine -f training.yaml", "odin local train list", "odin local pack run --id wine -f packaging.yaml --artifact-name wine-1.0"];
        Remark = "The current directory is the source. Data that does not lie in it is linked or downloaded into it while the training runs. What the files do not hold is asked of a server, if there is one; the toolchains 'mlflow' and 'script' are built in.";
        var train = new Command("train", "Trains a model, and shows those that were trained.") { Aliases = { "training" } };
        train.Add(Subcommand.CreateRemote("run", "Trains; the model stays in a directory.", TrainAsync, options.OfTraining));
        train.Add(Subcommand.Create("list", "Shows the models that were trained here.", ListAsync, options.ListFormat, options.Output));
        train.Add(Subcommand.Create("cleanup-artifacts", "Removes all models that were trained here.", CleanAsync, options.Output));
        Add(train);
        var pack = new Command("pack", "Packages a model that was trained here.") { Aliases = { "packaging" } };
        pack.Add(Subcommand.CreateRemote("run", "Packages; prints what was made.", PackAsync, options.OfPackaging));
        Add(pack);
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, "say what to do: train, pack", "`odin local --help` explains them.");

    private async Task<int> TrainAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        await new LocalTraining(Session.Environment, Manifests(parse), Decrypted(parse), LocalWords.Own).RunAsync(parse.GetRequiredValue(options.TrainingId), Root(parse), cancellationToken);
        return ExitCode.Success;
    }

    private async Task<int> PackAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        await new LocalPackaging(Session.Environment, Manifests(parse), Decrypted(parse), LocalWords.Own)
            .RunAsync(options.Wish(parse, Session.Environment, Root(parse)), cancellationToken);
        return ExitCode.Success;
    }

    private Task<int> ListAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        LocalGroup.WriteList(Session.Environment.Out, LocalArtifacts.List(Root(parse)), parse.GetValue(options.ListFormat) == "json");
        return Task.FromResult(ExitCode.Success);
    }

    private Task<int> CleanAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        LocalArtifacts.RemoveAll(Root(parse));
        return Task.FromResult(ExitCode.Success);
    }

    private string Root(ParseResult parse) => options.Root(parse, Session.Environment, CtlConfiguration.Load(Session.Environment));

    private LocalManifests Manifests(ParseResult parse) => LocalManifests.Read(
        parse.GetValue(options.Files) ?? [],
        parse.GetValue(options.Directories) ?? [],
        Session.Environment,
        (noun, id, token) => FetchAsync(parse, noun.PathOf(id), token),
        Session.Environment.Error.WriteLine,
        Session.Environment.Error.WriteLine);

    private FetchEntity Decrypted(ParseResult parse) => (noun, id, token) => FetchAsync(parse, $"{noun.PathOf(id)}/decrypted", token);

    // Nobody is asked whom nobody has named and who is not there.
    private async Task<JsonObject?> FetchAsync(ParseResult parse, string path, CancellationToken cancellationToken)
    {
        var place = Session.Locate(parse);
        if (place.Local is null && place.Source.StartsWith("the default", StringComparison.Ordinal))
            return null;
        using var client = Session.Connect(parse);
        var answer = await client.GetAsync(path, cancellationToken);
        return answer.Status == HttpStatusCode.NotFound ? null : answer.EnsureSuccess().Body?.DeepClone() as JsonObject;
    }
}

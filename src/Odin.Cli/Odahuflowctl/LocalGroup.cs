using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.LocalModels;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Cli.Odahuflowctl.Output;

namespace Odin.Cli.Odahuflowctl;

/// <summary><c>local training|packaging</c>: the older client's commands, as processes of this machine instead of containers.</summary>
internal sealed class LocalGroup
{
    private readonly CtlSession session;
    private readonly LocalOptions options = new();

    private LocalGroup(CtlSession session) => this.session = session;

    public static Command Create(CtlSession session)
    {
        var group = new LocalGroup(session);
        Option[] server = [CtlTarget.UrlOption, CtlTarget.TokenOption];
        return CtlCommand.Group("local", null, "Train and package on this machine.", [],
            CtlCommand.Group("training", "train", "Local trainings.", server,
                Subcommand.Create("run", "Train a model; it stays in a directory.", group.TrainAsync, group.options.OfTraining),
                Subcommand.Create("list", "List the models that were trained here.", group.ListAsync, group.options.ListFormat),
                Subcommand.Create("cleanup-artifacts", "Remove all models that were trained here.", group.CleanArtifactsAsync),
                group.CleanContainers()),
            CtlCommand.Group("packaging", "pack", "Local packagings.", server,
                Subcommand.Create("run", "Package a model that was trained here.", group.PackAsync, group.options.OfPackaging),
                group.CleanContainers()));
    }

    /// <summary>The names of models, for people or for programs.</summary>
    public static void WriteList(TextWriter output, IReadOnlyList<string> names, bool isJson)
    {
        if (isJson)
        {
            output.WriteLine(PythonJson.Write(new JsonArray([.. names.Select(n => (JsonNode?)n)]), indent: 2));
            return;
        }
        output.WriteLine(names.Count == 0 ? CtlMessages.NoArtifacts : "Training artifacts:");
        foreach (var name in names)
            output.WriteLine($"* {name}");
    }

    private async Task<int> TrainAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        await new LocalTraining(session.Environment, Manifests(parse), Decrypted(parse), LocalWords.Inherited).RunAsync(parse.GetRequiredValue(options.TrainingId), Root(parse), cancellationToken);
        return ExitCode.Success;
    }

    private async Task<int> PackAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        await new LocalPackaging(session.Environment, Manifests(parse), Decrypted(parse), LocalWords.Inherited)
            .RunAsync(options.Wish(parse, session.Environment, Root(parse)), cancellationToken);
        return ExitCode.Success;
    }

    private Task<int> ListAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        WriteList(session.Out, LocalArtifacts.List(Root(parse)), parse.GetValue(options.ListFormat) == "json");
        return Task.FromResult(ExitCode.Success);
    }

    private Task<int> CleanArtifactsAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        LocalArtifacts.RemoveAll(Root(parse));
        return Task.FromResult(ExitCode.Success);
    }

    private Command CleanContainers() => Subcommand.Create("cleanup-containers", "Remove containers of earlier runs; there are none, as none are needed.", (_, _) =>
    {
        session.Out.WriteLine(CtlMessages.NoContainers);
        return Task.FromResult(ExitCode.Success);
    });

    private string Root(ParseResult parse) => options.Root(parse, session.Environment, session.Configuration);

    private LocalManifests Manifests(ParseResult parse) => LocalManifests.Read(
        parse.GetValue(options.Files) ?? [],
        parse.GetValue(options.Directories) ?? [],
        session.Environment,
        (noun, id, token) => FetchAsync(parse, noun.PathOf(id), token),
        session.Out.WriteLine,
        message => session.Log("WARNING", message));

    private FetchEntity Decrypted(ParseResult parse) => (noun, id, token) => FetchAsync(parse, $"{noun.PathOf(id)}/decrypted", token);

    // Nobody is asked whom nobody has named and who is not there.
    private async Task<JsonObject?> FetchAsync(ParseResult parse, string path, CancellationToken cancellationToken)
    {
        var target = CtlTarget.From(session, parse);
        if (!target.IsNamed && target.Local is null)
            return null;
        using var client = CtlClient.Create(session, target);
        var answer = await client.SendAsync(HttpMethod.Get, path, null, cancellationToken);
        return path.EndsWith("/decrypted", StringComparison.Ordinal) && answer.Status == HttpStatusCode.NotFound ? null : answer.EnsureSuccess().Body?.DeepClone() as JsonObject;
    }
}

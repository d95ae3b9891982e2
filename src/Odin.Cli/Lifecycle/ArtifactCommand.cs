using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;
using Odin.Pipelines.Yaml;

namespace Odin.Cli.Lifecycle;

/// <summary><c>odin artifact</c>: lists the models that trainings have made, shows where they come from, fetches and deletes them.</summary>
internal sealed class ArtifactCommand : OdinCommand
{
    private const string Path = "api/v1/artifact";
    private const int BufferBytes = 256 << 10;

    private static readonly Argument<string> ArtifactName = new("NAME") { Description = "The name of the artifact." };
    private static readonly Option<string> Output = new("--to", "-t") { Description = "The file to write; '-' is standard output. Left out: a file of that name here.", HelpName = "FILE" };
    private static readonly Option<bool> Force = new("--force") { Description = "Replace the file if it is there." };
    private static readonly Option<bool> IgnoreMissing = new("--ignore-not-found") { Description = "What is not there counts as deleted." };
    private static readonly Option<string> Model = new("--model") { Description = "Only those of a model.", HelpName = "NAME" };

    public ArtifactCommand(CliSession session)
        : base(session, "artifact", "Models that trainings have made, with where they come from.")
    {
        Group = CommandGroup.Lifecycle;
        Examples = ["odin artifact list", "odin artifact show wine-1.0.zip", "odin artifact get wine-1.0.zip --to model.zip"];
        Add(Subcommand.CreateRemote("list", "Lists them.", ListAsync, OutputOptions.Format, Model));
        Add(Subcommand.CreateRemote("show", "Shows one: the training, the commit, its length and its digest.", ShowAsync, ArtifactName, OutputOptions.Format));
        Add(Subcommand.CreateRemote("get", "Fetches one, and checks that it is whole.", GetAsync, ArtifactName, Output, Force));
        Add(Subcommand.CreateRemote("delete", "Deletes one, and its file.", DeleteAsync, ArtifactName, IgnoreMissing));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken) =>
        throw new CliException(ExitCode.Usage, $"say what to do: {string.Join(", ", Subcommands.Select(c => c.Name))}", "`odin artifact --help` explains them.");

    private static string PathOf(string name) => $"{Path}/{Uri.EscapeDataString(name)}";

    private static string? Find(JsonNode? entity, string place) => LifecycleNoun.Find(entity, place);

    private async Task<int> ListAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var printer = Session.Printer(parse);
        var filter = parse.GetValue(Model) is { } model ? $"?modelName={Uri.EscapeDataString(model)}" : "";
        var list = (await client.GetAsync(Path + filter, cancellationToken)).EnsureSuccess(null).Body as JsonArray ?? [];
        if (printer.Data(list, list.Select(a => Find(a, "id"))))
            return ExitCode.Success;
        if (list.Count == 0)
            printer.Note("There are none. `odin training create -f FILE` makes one.");
        else
            TextTable.WriteMany(printer.Messages, ["name", "model", "version", "training", "commit", "length", "created"], [.. list.Select(Row)]);
        return ExitCode.Success;
    }

    private static object?[] Row(JsonNode? artifact) =>
    [
        Find(artifact, "id"), Find(artifact, "spec.model.name"), Find(artifact, "spec.model.version"), Find(artifact, "spec.trainingID"),
        Find(artifact, "spec.commitID") is { Length: > 12 } commit ? commit[..12] : "", Find(artifact, "spec.length"), Find(artifact, "createdAt"),
    ];

    private async Task<int> ShowAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var printer = Session.Printer(parse);
        var artifact = (await client.GetAsync(PathOf(parse.GetValue(ArtifactName)!), cancellationToken)).EnsureSuccess("`odin artifact list` shows those that there are.").Body;
        if (!printer.Data(artifact!, [Find(artifact, "id")]))
            printer.Environment.Out.Write(YamlConversion.Write(artifact, flow: false));
        return ExitCode.Success;
    }

    private async Task<int> GetAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var name = parse.GetValue(ArtifactName)!;
        var file = parse.GetValue(Output) ?? System.IO.Path.GetFileName(name);
        if (file != "-" && File.Exists(file) && !parse.GetValue(Force))
            throw new CliException(ExitCode.Usage, $"the file '{file}' is there already", "Add --force to replace it, or name another one by --to.");
        var artifact = (await client.GetAsync(PathOf(name), cancellationToken)).EnsureSuccess("`odin artifact list` shows those that there are.").Body;
        using var answer = await client.OpenAsync($"{PathOf(name)}/content", "*/*", null, cancellationToken);
        await using var content = await answer.Content.ReadAsStreamAsync(cancellationToken);
        if (file == "-")
        {
            await using var standard = Console.OpenStandardOutput();
            await CopyAsync(content, standard, artifact!, cancellationToken);
            return ExitCode.Success;
        }
        // Beside the place where it belongs, so that nobody takes half of it for the whole.
        var part = $"{file}.{Guid.NewGuid():N}.part";
        try
        {
            await using (var to = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
                await CopyAsync(content, to, artifact!, cancellationToken);
            File.Move(part, file, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
        Session.Environment.Out.WriteLine($"The artifact '{name}' is in '{file}'.");
        return ExitCode.Success;
    }

    private static async Task CopyAsync(Stream content, Stream to, JsonNode artifact, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        try
        {
            while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            throw new CliException(ExitCode.Unavailable, $"the connection broke in the middle of the file: {e.Message}", "Repeat the command.");
        }
        var (expected, found) = (Find(artifact, "spec.digest"), $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}");
        if (expected != found)
            throw new CliException(ExitCode.Failure, $"the file that came is not the one that was saved: its digest is {found}, and it was {expected}", "Somebody has changed it in its bucket.");
    }

    private async Task<int> DeleteAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var name = parse.GetValue(ArtifactName)!;
        var answer = await client.DeleteAsync(PathOf(name), cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound && parse.GetValue(IgnoreMissing))
            Session.Environment.Out.WriteLine($"Artifact {name} was not found. Ignore");
        else
            Session.Environment.Out.WriteLine(Find(answer.EnsureSuccess("`odin artifact list` shows those that there are.").Body, "message"));
        return ExitCode.Success;
    }
}

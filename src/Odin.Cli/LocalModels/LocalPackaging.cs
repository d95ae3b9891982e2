using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Odahuflowctl;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Cli.Output;
using Odin.Cli.Servers;
using Odin.Packagings;

namespace Odin.Cli.LocalModels;

/// <summary>What is wished of a packaging on this machine.</summary>
/// <param name="Root">The directory that holds the artifact's.</param>
/// <param name="ArtifactName">Null: as the packaging says.</param>
/// <param name="WithTargets">Whether what is made is also pushed.</param>
/// <param name="DisabledTargets">Targets that are left out.</param>
internal sealed record LocalPackagingWish(string Id, string Root, string? ArtifactName, bool WithTargets, IReadOnlyList<string> DisabledTargets);

/// <summary>Packages a model of this machine without a server: the integration's program is a process.</summary>
internal sealed class LocalPackaging(CliEnvironment environment, LocalManifests manifests, FetchEntity fetchDecrypted, LocalWords words)
{
    private const string Request = "mp.json", Result = "result.json";
    private static readonly string[] Encoded = ["password", "keySecret", "keyID", "publicKey"];

    public async Task RunAsync(LocalPackagingWish wish, CancellationToken cancellationToken)
    {
        var packaging = await manifests.GetAsync(CtlNoun.Packaging, wish.Id, cancellationToken);
        var integration = await manifests.GetAsync(CtlNoun.PackagingIntegration, LifecycleNoun.Find(packaging, "spec.integrationName") ?? "", cancellationToken);
        var name = LocalArtifacts.WithoutExtension(wish.ArtifactName ?? LifecycleNoun.Find(packaging, "spec.artifactName") ?? "");
        var artifact = Path.GetFullPath(Path.Combine(wish.Root, name));
        if (name.Length == 0 || !Directory.Exists(artifact))
            throw words.ArtifactMissing(name, artifact, LocalArtifacts.List(wish.Root));
        if (!wish.WithTargets)
            environment.Out.WriteLine(CtlMessages.TargetsAreOff);
        var targets = wish.WithTargets ? await FindTargetsAsync(packaging, integration, wish.DisabledTargets, cancellationToken) : [];

        var entrypoint = LifecycleNoun.Find(integration, "spec.entrypoint") ?? "";
        if (LocalPackager.Knows(entrypoint))
        {
            var images = new LocalImages(environment, Path.Combine(wish.Root, "images"));
            ShowResults((await images.MakeAsync(packaging, integration, targets, artifact, name, cancellationToken)).Select(r => (r.Name, r.Value)));
            return;
        }
        var request = Path.Combine(artifact, Request);
        PrivateFile.Write(request, Describe(packaging, integration, targets, name).ToJsonString());
        try
        {
            var code = await new LocalProgram(environment, environment.Out).RunAsync(
                entrypoint,
                [artifact, request],
                artifact,
                new Dictionary<string, string>(),
                process => words.Started(environment.Out, process),
                cancellationToken);
            if (code != 0)
                throw words.Failed("packager", entrypoint, code);
        }
        finally
        {
            // The secrets of targets stand in it.
            File.Delete(request);
        }
        await ShowResultsAsync(Path.Combine(artifact, Result), cancellationToken);
    }

    private async Task ShowResultsAsync(string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
            throw CtlSession.Failure($"The packager has left no {Result}");
        JsonNode? results;
        try
        {
            results = JsonNode.Parse(await File.ReadAllTextAsync(file, cancellationToken));
        }
        catch (JsonException e)
        {
            throw CtlSession.Failure($"{file} is not JSON: {JsonMistake.Describe(e)}");
        }
        ShowResults((results as JsonObject ?? []).Select(r => (r.Key, r.Value?.ToString() ?? "")));
    }

    private void ShowResults(IEnumerable<(string Name, string Value)> results)
    {
        environment.Out.WriteLine(CtlMessages.PackagerResults);
        foreach (var (name, value) in results)
            environment.Out.WriteLine($"* {name} - {value}");
    }

    // All that is wrong is said at once.
    private async Task<List<JsonObject>> FindTargetsAsync(JsonObject packaging, JsonObject integration, IReadOnlyList<string> disabled, CancellationToken cancellationToken)
    {
        var rules = List(integration, "schema.targets");
        var wanted = List(packaging, "targets").Select(t => (Name: LifecycleNoun.Find(t, "name") ?? "", Connection: LifecycleNoun.Find(t, "connectionName") ?? "")).ToList();
        foreach (var rule in rules)
        {
            var name = LifecycleNoun.Find(rule, "name") ?? "";
            if (LifecycleNoun.Find(rule, "default") is { Length: > 0 } connection && wanted.All(w => w.Name != name))
                wanted.Add((name, connection));
        }
        var (targets, errors) = (new List<JsonObject>(), new List<string>());
        foreach (var (name, id) in wanted.Where(w => !disabled.Contains(w.Name)))
        {
            var rule = rules.FirstOrDefault(r => LifecycleNoun.Find(r, "name") == name);
            if (rule is null)
            {
                errors.Add(CtlMessages.UnknownTarget(name, LifecycleNoun.Find(integration, "id") ?? ""));
                continue;
            }
            if ((manifests.InFiles(CtlNoun.Connection, id) ?? await fetchDecrypted(CtlNoun.Connection, id, cancellationToken)) is not { } connection)
            {
                errors.Add(CtlMessages.TargetConnectionMissing(name, id));
                continue;
            }
            var (type, allowed) = (LifecycleNoun.Find(connection, "spec.type") ?? "", rule["connectionTypes"] as JsonArray ?? []);
            if (allowed.All(t => t?.ToString() != type))
                errors.Add(CtlMessages.TargetConnectionType(name, id, type));
            targets.Add(new JsonObject { ["name"] = name, ["connection"] = Decoded(connection) });
        }
        return errors.Count == 0 ? targets : throw CtlSession.Failure(string.Join('\n', errors));
    }

    private static JsonObject Decoded(JsonObject connection)
    {
        var copy = (JsonObject)connection.DeepClone();
        if (copy["spec"] is not JsonObject spec)
            return copy;
        foreach (var name in Encoded)
        {
            if (LifecycleNoun.Find(spec, name) is not { Length: > 0 } text)
                continue;
            var bytes = new byte[text.Length];
            spec[name] = Convert.TryFromBase64String(text, bytes, out var count)
                ? Encoding.UTF8.GetString(bytes, 0, count)
                : throw CtlSession.Failure($"{name} of the connection \"{LifecycleNoun.Find(connection, "id")}\" must be base64-encoded");
        }
        return copy;
    }

    private static JsonObject Describe(JsonObject packaging, JsonObject integration, IEnumerable<JsonObject> targets, string artifact) => new()
    {
        ["modelPackaging"] = new JsonObject { ["id"] = packaging["id"]?.DeepClone(), ["spec"] = packaging["spec"]?.DeepClone(), ["status"] = new JsonObject() },
        ["packagingIntegration"] = new JsonObject { ["id"] = integration["id"]?.DeepClone(), ["spec"] = integration["spec"]?.DeepClone(), ["status"] = new JsonObject() },
        ["targets"] = new JsonArray([.. targets]),
        ["modelHolder"] = null,
        ["trainingZipName"] = $"{artifact}.zip",
    };

    private static List<JsonObject> List(JsonObject entity, string place)
    {
        JsonNode? node = entity["spec"];
        foreach (var part in place.Split('.'))
            node = (node as JsonObject)?[part];
        return [.. (node as JsonArray ?? []).OfType<JsonObject>()];
    }
}

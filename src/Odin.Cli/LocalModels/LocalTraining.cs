using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Odahuflowctl;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Templates;
using Odin.Trainings;

namespace Odin.Cli.LocalModels;

/// <summary>
/// Trains on this machine without a server: the current directory is the source, the toolchain's program is a process, and the
/// model stays in a directory.
/// </summary>
internal sealed class LocalTraining(CliEnvironment environment, LocalManifests manifests, FetchEntity fetchDecrypted, LocalWords words)
{
    private const string TrackingVariable = "MLFLOW_TRACKING_URI", Report = "odin-result.json";

    /// <param name="root">The directory for models.</param>
    public async Task RunAsync(string id, string root, CancellationToken cancellationToken)
    {
        var training = await manifests.GetAsync(CtlNoun.Training, id, cancellationToken);
        var integration = LifecycleNoun.Find(training, "spec.toolchain") ?? LifecycleNoun.Find(training, "spec.trainingIntegration") ?? "";
        var toolchain = await manifests.GetAsync(CtlNoun.Toolchain, integration, cancellationToken);
        var name = NameOf(training);
        var target = Path.Combine(Directory.CreateDirectory(root).FullName, name);
        var source = environment.WorkingDirectory;
        var report = Path.Combine(source, Report);
        var isForeign = File.Exists(report);
        using var data = new LocalData(source, manifests, fetchDecrypted, environment.Error.WriteLine);
        await data.LayOutAsync(training, cancellationToken);
        var request = Directory.CreateTempSubdirectory("odin-training-");
        try
        {
            var file = Path.Combine(request.FullName, "mt.json");
            await File.WriteAllTextAsync(file, Describe(training, toolchain).ToJsonString(), cancellationToken);
            var code = await new LocalProgram(environment, environment.Out).RunAsync(
                LifecycleNoun.Find(toolchain, "spec.entrypoint") ?? "",
                ["--verbose", "--mt", file, "--target", target],
                source,
                VariablesOf(training, toolchain, root),
                process => words.Started(environment.Out, process),
                cancellationToken);
            if (code != 0)
                throw words.Failed("training", id, code);
        }
        finally
        {
            request.Delete(recursive: true);
            // It is for a server to read; here it would only lie in the source.
            if (!isForeign && File.Exists(report))
                File.Delete(report);
        }
        environment.Out.WriteLine(CtlMessages.ModelSaved(name, Path.GetFullPath(root)));
    }

    private static string NameOf(JsonObject training)
    {
        var template = LifecycleNoun.Find(training, "spec.model.artifactNameTemplate") is { Length: > 0 } given ? given : TrainingRules.DefaultArtifactName;
        var name = GoTemplate.Render(template, new Dictionary<string, string>
        {
            ["Name"] = LifecycleNoun.Find(training, "spec.model.name") ?? "",
            ["Version"] = LifecycleNoun.Find(training, "spec.model.version") ?? "",
            ["RandomUUID"] = Guid.NewGuid().ToString(),
            ["CommitID"] = "",
        });
        return LocalArtifacts.WithoutExtension(name) is var stem && stem.Length > 0 && stem.IndexOfAny(['/', '\\']) < 0 && stem is not ("." or "..")
            ? stem
            : throw CtlSession.Failure($"'{name}', made from artifactNameTemplate, is no name of a directory");
    }

    // With the members that toolchains of the older system read.
    private static JsonObject Describe(JsonObject training, JsonObject toolchain)
    {
        var spec = (JsonObject)(training["spec"]?.DeepClone() ?? new JsonObject());
        return new JsonObject
        {
            ["algorithmSourceConnection"] = null,
            ["vcs"] = null,
            ["inputData"] = new JsonArray(),
            ["outputConn"] = null,
            ["modelTraining"] = new JsonObject { ["id"] = training["id"]?.DeepClone(), ["spec"] = spec, ["status"] = new JsonObject() },
            ["toolchainIntegration"] = new JsonObject { ["id"] = toolchain["id"]?.DeepClone(), ["spec"] = toolchain["spec"]?.DeepClone(), ["status"] = new JsonObject() },
        };
    }

    private Dictionary<string, string> VariablesOf(JsonObject training, JsonObject toolchain, string root)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in (toolchain["spec"] as JsonObject)?["additionalEnvironments"] as JsonObject ?? [])
            variables[name] = value?.ToString() ?? "";
        foreach (var variable in (training["spec"] as JsonObject)?["envs"] as JsonArray ?? [])
            variables[LifecycleNoun.Find(variable, "name") ?? ""] = LifecycleNoun.Find(variable, "value") ?? "";
        variables.Remove("");
        // Else the record of the run would lie in the source.
        if (environment[TrackingVariable] is null)
            variables.TryAdd(TrackingVariable, new Uri(Path.Combine(Path.GetFullPath(root), "mlruns")).AbsoluteUri);
        return variables;
    }
}

using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>Counts the version of one manifest up; the value is <c>{file, version}</c>.</summary>
internal sealed class BumpVersionChore : IChore
{
    public string Type => "bump-version";

    public IReadOnlyList<ChoreParameter> Parameters { get; } =
        [new("file_name", "A Kubernetes manifest with the label metadata.labels.version.")];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken)
    {
        var file = arguments.Text("file_name");
        var version = await VersionLabel.BumpAsync(file, cancellationToken);
        return new ChoreResult.Done(new JsonObject { ["file"] = file, ["version"] = version });
    }
}

/// <summary>Counts the versions of a deployment and its service up; the value is the list of both files.</summary>
internal sealed class BumpKubernetesChore : IChore
{
    public string Type => "bump-k8s";

    public IReadOnlyList<ChoreParameter> Parameters { get; } =
    [
        new("base_dir", "The directory that holds the deployments."),
        new("deployment", "The directory of one deployment in it."),
        new("client", "The name of the two manifests: deployments/CLIENT.yml and services/CLIENT.yml."),
    ];

    public async Task<ChoreResult> RunAsync(ChoreArguments arguments, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(arguments.Text("base_dir"), Name(arguments, "deployment"));
        var client = Name(arguments, "client") + ".yml";
        string[] files = [Path.Combine(directory, "deployments", client), Path.Combine(directory, "services", client)];
        // Both or none: the second one's faults must not show after the first was written.
        if (files.FirstOrDefault(file => !File.Exists(file)) is { } missing)
            throw new ChoreException($"There is no manifest '{missing}'.");
        foreach (var file in files)
            VersionLabel.Bump(await File.ReadAllTextAsync(file, cancellationToken), file);
        foreach (var file in files)
            await VersionLabel.BumpAsync(file, cancellationToken);
        return new ChoreResult.Done(new JsonArray(files[0], files[1]));
    }

    /// <summary>One component of a path, so that no value leads out of the base directory.</summary>
    private static string Name(ChoreArguments arguments, string argument)
    {
        var name = arguments.Text(argument);
        return name is "." or ".." || name.Contains('/', StringComparison.Ordinal)
            ? throw new ChoreException($"The argument '{argument}' must be one name without \"/\", but it is \"{name}\".")
            : name;
    }
}

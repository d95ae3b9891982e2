using System.Text;
using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Odahuflowctl;
using Odin.Connections;
using Odin.Images;
using Odin.Packagings;

namespace Odin.Cli.LocalModels;

/// <summary>Makes images by the built-in packagers, which need neither a server nor a program.</summary>
/// <param name="layouts">The directory for images that go to no registry.</param>
internal sealed class LocalImages(CliEnvironment environment, string layouts)
{
    private static readonly PackagingOptions Options = new();

    /// <param name="targets">With their connections, secrets in clear.</param>
    public async Task<IReadOnlyList<PackagingResult>> MakeAsync(
        JsonObject packaging, JsonObject integration, IReadOnlyList<JsonObject> targets, string artifact, string name, CancellationToken cancellationToken)
    {
        var request = new LocalPackagingRequest(
            LifecycleNoun.Find(packaging, "id") ?? "",
            LifecycleNoun.Find(integration, "id") ?? "",
            LifecycleNoun.Find(integration, "spec.entrypoint") ?? "",
            RulesOf(integration),
            (packaging["spec"] as JsonObject)?["arguments"]?.DeepClone() as JsonObject ?? [],
            artifact,
            name,
            layouts,
            [.. targets.Select(TargetOf)]);
        try
        {
            return await new LocalPackager(Path.Combine(environment.DataDirectory, "local-images"), Options, environment.Time).PackAsync(request, LogAsync, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException or ImageException)
        {
            throw CtlSession.Failure(e.Message);
        }
    }

    private Task LogAsync(string line, CancellationToken cancellationToken) => environment.Out.WriteLineAsync(line.AsMemory(), cancellationToken);

    private static ArgumentRules? RulesOf(JsonObject integration)
    {
        if ((integration["spec"] as JsonObject)?["schema"] is not JsonObject schema || schema["arguments"] is not JsonObject arguments)
            return null;
        var properties = arguments["properties"] as JsonArray ?? [];
        return new ArgumentRules(
            [.. properties.Select(p => new ArgumentRule(LifecycleNoun.Find(p, "name") ?? "", [.. ((p as JsonObject)?["parameters"] as JsonArray ?? []).Select(k =>
                new ArgumentParameter(LifecycleNoun.Find(k, "name") ?? "", (k as JsonObject)?["value"]?.DeepClone()))]))],
            [.. (arguments["required"] as JsonArray ?? []).Select(r => r?.ToString() ?? "")]);
    }

    private static LocalTarget TargetOf(JsonObject target)
    {
        var connection = target["connection"] as JsonObject;
        return new LocalTarget(LifecycleNoun.Find(target, "name") ?? "", LifecycleNoun.Find(connection, "id") ?? "", LocalConnection.SpecOf(connection), new ConnectionSecrets(Secret("password"), Secret("keyID"), Secret("keySecret")));

        byte[]? Secret(string name) => LifecycleNoun.Find(connection, $"spec.{name}") is { Length: > 0 } text ? Encoding.UTF8.GetBytes(text) : null;
    }
}

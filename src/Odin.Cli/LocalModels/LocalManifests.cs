using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Cli.Odahuflowctl;
using Odin.Cli.Odahuflowctl.Entities;
using Odin.Packagings;
using Odin.Toolchains;

namespace Odin.Cli.LocalModels;

/// <summary>Asks a server for an entity; null: there is no such thing, or no server.</summary>
internal delegate Task<JsonObject?> FetchEntity(CtlNoun noun, string id, CancellationToken cancellationToken);

/// <summary>The entities that work on this machine needs: from files, else from a server, else those that are built in.</summary>
internal sealed class LocalManifests(IReadOnlyList<CtlEntity> entities, FetchEntity fetch, Action<string> note)
{
    /// <summary>Reads the files, and those that lie directly in the directories; of those, what holds no entities is left out.</summary>
    public static LocalManifests Read(
        IReadOnlyList<string> files, IReadOnlyList<string> directories, CliEnvironment environment, FetchEntity fetch, Action<string> note, Action<string> debug)
    {
        var entities = new List<CtlEntity>();
        foreach (var file in files)
            entities.AddRange(CtlManifest.ReadAll(Full(file, environment), environment));
        foreach (var directory in directories.Select(d => Full(d, environment)))
        {
            if (!Directory.Exists(directory))
                throw CtlSession.Failure(CtlMessages.NotADirectory(directory));
            foreach (var file in Directory.GetFiles(directory).Order(StringComparer.Ordinal))
            {
                try
                {
                    entities.AddRange(CtlManifest.ReadAll(file, environment));
                }
                catch (Exception e) when (e is CliException or IOException or UnauthorizedAccessException)
                {
                    debug(CtlMessages.UnreadableFile(file, e.Message));
                }
            }
        }
        return new LocalManifests(entities, fetch, note);
    }

    /// <summary>The entity.</summary>
    /// <exception cref="CliException">It is nowhere.</exception>
    public async Task<JsonObject> GetAsync(CtlNoun noun, string id, CancellationToken cancellationToken) =>
        await FindAsync(noun, id, cancellationToken) ?? throw CtlSession.Failure(CtlMessages.LocalNotFound(noun.Kind, id));

    /// <summary>The entity; null: it is nowhere.</summary>
    public async Task<JsonObject?> FindAsync(CtlNoun noun, string id, CancellationToken cancellationToken)
    {
        if (InFiles(noun, id) is { } known)
            return known;
        var builtIn = BuiltIn(noun, id);
        try
        {
            if (await fetch(noun, id, cancellationToken) is { } fetched)
            {
                note(CtlMessages.FetchedFromServer(noun.Kind, id));
                return fetched;
            }
        }
        catch (CliException) when (builtIn is not null)
        {
            // No server is needed for what everybody has.
        }
        if (builtIn is not null)
            note(CtlMessages.BuiltIn(noun.Kind, id));
        return builtIn;
    }

    /// <summary>The entity of the files; null: it is in none.</summary>
    public JsonObject? InFiles(CtlNoun noun, string id) => entities.LastOrDefault(e => e.Noun == noun && e.Id == id)?.Json;

    private static string Full(string path, CliEnvironment environment) => path == "-" ? path : Path.GetFullPath(path, environment.WorkingDirectory);

    private static JsonObject? BuiltIn(CtlNoun noun, string id)
    {
        if (noun == CtlNoun.Toolchain && BuiltInToolchains.All.FirstOrDefault(t => t.Metadata.Id == id) is { } toolchain)
            return Entity(noun, id, new JsonObject { ["entrypoint"] = toolchain.Spec.Entrypoint, ["defaultImage"] = toolchain.Spec.DefaultImage });
        if (noun != CtlNoun.PackagingIntegration || BuiltInIntegrations.All.FirstOrDefault(i => i.Metadata.Id == id) is not { Spec: var spec })
            return null;
        return Entity(noun, id, new JsonObject
        {
            ["entrypoint"] = spec.Entrypoint,
            ["defaultImage"] = spec.DefaultImage,
            ["schema"] = new JsonObject
            {
                ["targets"] = new JsonArray([.. spec.Targets.Select(t => new JsonObject
                {
                    ["name"] = t.Name, ["connectionTypes"] = new JsonArray([.. t.ConnectionTypes.Select(c => (JsonNode?)c)]), ["default"] = t.Default, ["required"] = t.IsRequired,
                })]),
                ["arguments"] = new JsonObject
                {
                    ["properties"] = new JsonArray([.. (spec.Arguments?.Properties ?? []).Select(p => new JsonObject
                    {
                        ["name"] = p.Name,
                        ["parameters"] = new JsonArray([.. p.Parameters.Select(k => new JsonObject { ["name"] = k.Name, ["value"] = k.Value?.DeepClone() })]),
                    })]),
                },
            },
        });
    }

    private static JsonObject Entity(CtlNoun noun, string id, JsonObject spec) => new() { ["kind"] = noun.Kind, ["id"] = id, ["spec"] = spec, ["status"] = new JsonObject() };
}

using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;

namespace Odin.Cli.Odahuflowctl.Entities;

/// <summary>An entity from a file, with what it is.</summary>
internal sealed record CtlEntity(CtlNoun Noun, JsonObject Json)
{
    public string Id => LifecycleNoun.Find(Json, "id") ?? "";

    /// <summary>As in <c>Connection wine-source</c>.</summary>
    public string Title => $"{Noun.Kind} {Id}";
}

/// <summary>Files of entities, held to the rules of the older client.</summary>
internal static class CtlManifest
{
    /// <summary>The entities of a file, in their order.</summary>
    public static IReadOnlyList<CtlEntity> ReadAll(string file, CliEnvironment environment)
    {
        if (Directory.Exists(file))
            throw CtlSession.Failure($"[Errno 21] Is a directory: '{file}'");
        return [.. Manifest.ReadAll(file, environment.In).Select(item => Identify(item, file))];
    }

    /// <summary>The one entity of a file, which must be of the noun.</summary>
    public static JsonObject ReadOne(string file, CtlNoun noun, CliEnvironment environment)
    {
        var entities = ReadAll(file, environment);
        if (entities.Count != 1)
            throw CtlSession.Failure(CtlMessages.WrongCount(file, entities.Count));
        return entities[0].Noun == noun ? entities[0].Json : throw CtlSession.Failure(CtlMessages.WrongKind(file, entities[0].Noun.Kind, noun.Kind));
    }

    private static CtlEntity Identify(JsonNode item, string file)
    {
        if (item is not JsonObject json)
            throw CtlSession.Failure(CtlMessages.NotAnEntity(file));
        if (json["kind"] is not { } node)
            throw CtlSession.Failure(CtlMessages.NoKind(file));
        if (node is not JsonValue value || !value.TryGetValue<string>(out var kind))
            throw CtlSession.Failure(CtlMessages.KindIsNoText(file));
        var noun = CtlNoun.All.FirstOrDefault(n => n.Kind == kind || n.OtherKind == kind) ?? throw CtlSession.Failure(CtlMessages.UnknownKind(kind));
        return new CtlEntity(noun, json);
    }
}

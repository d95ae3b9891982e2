using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Connections;
using Odin.Resources;

namespace Odin.Packagings;

/// <summary>A way to package: the program that turns an artifact into an image.</summary>
public sealed record PackagingIntegration(ResourceMetadata Metadata, PackagingIntegrationSpec Spec) : IResource<PackagingIntegration>
{
    public static string Kind => "PackagingIntegration";

    public static JsonTypeInfo<PackagingIntegration> JsonType => PackagingJson.Default.PackagingIntegration;

    public static PackagingIntegration WithMetadata(PackagingIntegration resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => null;
}

/// <summary>What a packaging integration is.</summary>
public sealed record PackagingIntegrationSpec
{
    /// <summary>The program, in the image or on this machine; it gets the directory of the artifact and the file <c>mp.json</c>.</summary>
    public string Entrypoint { get; init; } = "";

    /// <summary>Where containers are: the image of packagings that name none.</summary>
    public string DefaultImage { get; init; } = "";

    /// <summary>Whether its container has to be a privileged one.</summary>
    public bool IsPrivileged { get; init; }

    public IReadOnlyList<PackagingTargetRule> Targets { get; init; } = [];

    /// <summary>Null: the integration was given without a schema of arguments, and takes none.</summary>
    public ArgumentRules? Arguments { get; init; }
}

/// <summary>A place that a packager pushes to or pulls from.</summary>
/// <param name="Default">The connection of packagings that name none; empty: none.</param>
public sealed record PackagingTargetRule(string Name, IReadOnlyList<string> ConnectionTypes, string Default, bool IsRequired);

/// <summary>The arguments of an integration.</summary>
public sealed record ArgumentRules(IReadOnlyList<ArgumentRule> Properties, IReadOnlyList<string> Required);

/// <summary>An argument; its parameters are keywords of JSON schema.</summary>
public sealed record ArgumentRule(string Name, IReadOnlyList<ArgumentParameter> Parameters);

/// <summary>A keyword of JSON schema and its value.</summary>
public sealed record ArgumentParameter(string Name, JsonNode? Value);

/// <summary>What an integration must have, in the words of the inherited API.</summary>
public static class PackagingIntegrationRules
{
    public static void Check(string id, PackagingIntegrationSpec spec, ICollection<string> errors)
    {
        ResourceId.Check(id, errors);
        if (spec.Entrypoint.Length == 0)
            errors.Add("empty entrypoint");
        if (spec.DefaultImage.Length == 0)
            errors.Add("empty defaultImage");
        foreach (var target in spec.Targets)
            CheckTarget(target, errors);
        if (ArgumentSchema.Find(spec.Arguments) is { } wrong)
            errors.Add($"arguments have not valid json schema: {wrong}");
    }

    private static void CheckTarget(PackagingTargetRule target, ICollection<string> errors)
    {
        if (target.Name.Length == 0)
        {
            errors.Add("one of target has empty name");
            return;
        }
        if (target.ConnectionTypes.Count == 0)
            errors.Add($"{target.Name} target must have at least one connection type");
        foreach (var type in target.ConnectionTypes.Where(t => !Odin.Connections.ConnectionTypes.All.Contains(t)))
            errors.Add($"{target.Name} target have unknown connection type: {type}");
    }
}

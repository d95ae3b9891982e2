using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Toolchains;

/// <summary>A way to train: the program that turns source and data into a model.</summary>
public sealed record Toolchain(ResourceMetadata Metadata, ToolchainSpec Spec) : IResource<Toolchain>
{
    public static string Kind => "Toolchain";

    public static JsonTypeInfo<Toolchain> JsonType => ToolchainJson.Default.Toolchain;

    public static Toolchain WithMetadata(Toolchain resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => null;
}

/// <summary>What a toolchain is.</summary>
/// <param name="Entrypoint">The program, in the image or on this machine; it gets <c>--verbose --mt FILE --target DIRECTORY</c>.</param>
/// <param name="DefaultImage">Where containers are: the image of trainings that name none.</param>
/// <param name="Environment">Variables for the program.</param>
public sealed record ToolchainSpec(string Entrypoint, string DefaultImage, IReadOnlyDictionary<string, string>? Environment = null);

/// <summary>What a toolchain must have, in the words of the inherited API.</summary>
public static class ToolchainRules
{
    public static void Check(string id, ToolchainSpec spec, ICollection<string> errors)
    {
        ResourceId.Check(id, errors);
        if (spec.Entrypoint.Length == 0)
            errors.Add("empty entrypoint");
        if (spec.DefaultImage.Length == 0)
            errors.Add("empty defaultImage");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Toolchain))]
internal sealed partial class ToolchainJson : JsonSerializerContext;

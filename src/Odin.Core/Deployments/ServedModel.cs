using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Deployments;

/// <summary>
/// What a served model has said of itself, under the id of its deployment. It is kept, so that nobody has to wake a model that
/// sleeps to know it.
/// </summary>
/// <param name="Revision">The revision of the deployment that has said it.</param>
/// <param name="ModelName">Empty: it does not say.</param>
/// <param name="ModelVersion">Empty: it does not say.</param>
/// <param name="Swagger">Its description, Swagger 2.0, as we have read it.</param>
public sealed record ServedModel(ResourceMetadata Metadata, string Revision, string ModelName, string ModelVersion, string Swagger) : IResource<ServedModel>
{
    /// <summary>The only phase.</summary>
    public const string Described = nameof(Described);

    public static string Kind => "ServedModel";

    public static JsonTypeInfo<ServedModel> JsonType => ServedModelJson.Default.ServedModel;

    public static ServedModel WithMetadata(ServedModel resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => Described;

    [JsonIgnore]
    public string Id => Metadata.Id;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(ServedModel))]
internal sealed partial class ServedModelJson : JsonSerializerContext;

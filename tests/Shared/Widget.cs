using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Testing;

/// <summary>A resource for tests, with nothing in it but what a store looks at, and some text.</summary>
[method: JsonConstructor]
internal sealed record Widget(ResourceMetadata Metadata, string? Owner = null, string? Stage = null, string Text = "") : IResource<Widget>
{
    public Widget(string id, string? owner = null, string? stage = null, string text = "")
        : this(new ResourceMetadata { Id = id }, owner, stage, text)
    {
    }

    public static string Kind => "Widget";

    public static JsonTypeInfo<Widget> JsonType => WidgetJson.Default.Widget;

    public static Widget WithMetadata(Widget resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    [JsonIgnore]
    public string? Parent => Owner;

    [JsonIgnore]
    public string? Phase => Stage;

    [JsonIgnore]
    public string Id => Metadata.Id;
}

/// <summary>Another kind, to see that kinds are kept apart.</summary>
internal sealed record Gadget(ResourceMetadata Metadata) : IResource<Gadget>
{
    public static string Kind => "Gadget";

    public static JsonTypeInfo<Gadget> JsonType => WidgetJson.Default.Gadget;

    public static Gadget WithMetadata(Gadget resource, ResourceMetadata metadata) => new(metadata);

    [JsonIgnore]
    public string? Parent => null;

    [JsonIgnore]
    public string? Phase => null;
}

[JsonSerializable(typeof(Widget))]
[JsonSerializable(typeof(Gadget))]
internal sealed partial class WidgetJson : JsonSerializerContext;

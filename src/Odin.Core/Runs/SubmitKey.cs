using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Runs;

/// <summary>Remembers which run a request with an idempotency key made. Written in the same transaction as the run.</summary>
public sealed record SubmitKey(ResourceMetadata Metadata, string RunId) : IResource<SubmitKey>
{
    public static string Kind => "SubmitKey";

    public static JsonTypeInfo<SubmitKey> JsonType => RunJson.Default.SubmitKey;

    public static SubmitKey WithMetadata(SubmitKey resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => RunId;

    public string? Phase => null;
}

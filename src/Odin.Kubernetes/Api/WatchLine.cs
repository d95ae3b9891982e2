using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Odin.Kubernetes.Api;

/// <summary>One line of a watch: a change, a bookmark (<c>BOOKMARK</c>) or the reason of its end (<c>ERROR</c>).</summary>
internal sealed record WatchLine<T>(string Type, T? Object, KubernetesStatus? Error)
    where T : KubernetesObject
{
    /// <exception cref="JsonException">The line is cut off or something else.</exception>
    public static WatchLine<T> Parse(ReadOnlySequence<byte> line, JsonTypeInfo<T> typeInfo)
    {
        var reader = new Utf8JsonReader(line);
        var body = default(Utf8JsonReader);
        var (type, hasBody) = ("", false);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type");
            var isObject = reader.ValueTextEquals("object");
            reader.Read();
            if (isType)
                type = reader.GetString() ?? "";
            if (isObject)
            {
                body = reader;
                hasBody = true;
            }
            reader.Skip();
        }
        if (type.Length == 0 || !hasBody)
            throw new JsonException("a line of a watch needs \"type\" and \"object\"");
        return type == "ERROR"
            ? new WatchLine<T>(type, null, JsonSerializer.Deserialize(ref body, KubernetesJson.Default.KubernetesStatus))
            : new WatchLine<T>(type, JsonSerializer.Deserialize(ref body, typeInfo), null);
    }
}

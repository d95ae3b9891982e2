using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Images;

/// <summary>The configuration of a new image: the base's, with what is added to it.</summary>
internal static class ConfigurationMerge
{
    private const string CreatedBy = "odin";

    private static readonly JsonSerializerOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="layers">The new ones, lowest first.</param>
    public static byte[] Write(BaseImage from, ImageConfiguration wanted, IReadOnlyList<WrittenLayer> layers, DateTimeOffset created)
    {
        var image = (JsonObject)from.Configuration.DeepClone();
        var time = created.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        image["created"] = time;
        image.Remove("author");
        var diffIds = Part<JsonArray>(Part<JsonObject>(image, "rootfs"), "diff_ids");
        if (diffIds.Count != from.Layers.Count)
            throw new ImageException($"The image '{from.Name}' has {from.Layers.Count} layers and a configuration for {diffIds.Count}.", isPassing: false);
        image["rootfs"]!["type"] = "layers";
        // Without a history for the layers below, one for those above would be taken for theirs.
        var hasHistory = from.Layers.Count == 0 || image["history"] is JsonArray { Count: > 0 };
        foreach (var layer in layers)
        {
            diffIds.Add(layer.DiffId);
            if (hasHistory)
                Part<JsonArray>(image, "history").Add(new JsonObject { ["created"] = time, ["created_by"] = CreatedBy, ["comment"] = layer.Name });
        }
        Apply(Part<JsonObject>(image, "config"), wanted);
        return JsonSerializer.SerializeToUtf8Bytes(image, Writing);
    }

    private static void Apply(JsonObject config, ImageConfiguration wanted)
    {
        if (wanted.Entrypoint is not null)
        {
            config["Entrypoint"] = List(wanted.Entrypoint);
            config.Remove("Cmd");
        }
        if (wanted.Command is not null)
            config["Cmd"] = List(wanted.Command);
        if (wanted.WorkingDirectory is not null)
            config["WorkingDir"] = wanted.WorkingDirectory;
        if (wanted.User is not null)
            config["User"] = wanted.User;
        if (wanted.Environment.Count > 0)
            config["Env"] = List(Environment(config["Env"] as JsonArray, wanted.Environment));
        foreach (var port in wanted.Ports.Order())
            Part<JsonObject>(config, "ExposedPorts")[string.Create(CultureInfo.InvariantCulture, $"{port}/tcp")] = new JsonObject();
        foreach (var (name, value) in wanted.Labels.OrderBy(l => l.Key, StringComparer.Ordinal))
            Part<JsonObject>(config, "Labels")[name] = value;
    }

    // The base's order stays, as some programs take the first of two.
    private static IEnumerable<string> Environment(JsonArray? lower, IReadOnlyDictionary<string, string> wanted)
    {
        var left = new SortedDictionary<string, string>(wanted.ToDictionary(), StringComparer.Ordinal);
        foreach (var line in lower?.Select(node => node?.ToString()).OfType<string>() ?? [])
        {
            var name = line.Split('=', 2)[0];
            yield return left.Remove(name, out var value) ? $"{name}={value}" : line;
        }
        foreach (var (name, value) in left)
            yield return $"{name}={value}";
    }

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);

    private static T Part<T>(JsonObject parent, string name)
        where T : JsonNode
    {
        if (parent[name] is T part)
            return part;
        part = (T)(JsonNode)(typeof(T) == typeof(JsonArray) ? new JsonArray() : new JsonObject());
        parent[name] = part;
        return part;
    }
}

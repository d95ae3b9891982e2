using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Images;

/// <summary>An image whose files lie in a directory of this machine, and how it wants to be run.</summary>
/// <param name="Root">The directory that is <c>/</c> inside.</param>
internal sealed record UnpackedImage(string Digest, string Root, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory)
{
    /// <param name="configuration">As the image has it.</param>
    /// <exception cref="ImageException">It is not as the specification says.</exception>
    public static UnpackedImage Of(string digest, string root, JsonObject configuration)
    {
        try
        {
            var config = configuration["config"] as JsonObject ?? [];
            var environment = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var text in Texts(config, "Env"))
            {
                var equals = text.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0)
                    environment[text[..equals]] = text[(equals + 1)..];
            }
            return new UnpackedImage(
                digest, root, [.. Texts(config, "Entrypoint"), .. Texts(config, "Cmd")], environment, config["WorkingDir"]?.GetValue<string>() is { Length: > 0 } directory ? directory : "/");
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or JsonException)
        {
            throw new ImageException($"The configuration of the image '{digest}' is not as it should be: {e.Message}", isPassing: false, e);
        }
    }

    private static IEnumerable<string> Texts(JsonObject config, string name) => (config[name] as JsonArray)?.Select(i => i!.GetValue<string>()) ?? [];
}

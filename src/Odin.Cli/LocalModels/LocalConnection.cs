using System.Text.Json.Nodes;
using Odin.Cli.Lifecycle;
using Odin.Connections;
using Odin.Resources;

namespace Odin.Cli.LocalModels;

/// <summary>A connection as a file or a server writes it, with its secrets in base64.</summary>
internal static class LocalConnection
{
    /// <summary>What it says without its secrets.</summary>
    public static ConnectionSpec SpecOf(JsonNode? json) => new()
    {
        Type = LifecycleNoun.Find(json, "spec.type") ?? "",
        Uri = LifecycleNoun.Find(json, "spec.uri") ?? "",
        Region = LifecycleNoun.Find(json, "spec.region"),
        Username = LifecycleNoun.Find(json, "spec.username"),
    };

    /// <exception cref="CliException">A secret is not in base64.</exception>
    public static (Connection Connection, ConnectionSecrets Secrets) Read(string id, JsonObject json)
    {
        return (new Connection(new ResourceMetadata { Id = id }, SpecOf(json)), new ConnectionSecrets(Secret("password"), Secret("keyID"), Secret("keySecret")));

        byte[]? Secret(string name)
        {
            if (LifecycleNoun.Find(json, $"spec.{name}") is not { Length: > 0 } text)
                return null;
            var bytes = new byte[text.Length];
            return Convert.TryFromBase64String(text, bytes, out var count) ? bytes[..count]
                : throw new CliException(ExitCode.Usage, $"the {name} of the connection '{id}' is not in base64", "`printf %s SECRET | base64 -w 0` makes it.");
        }
    }
}

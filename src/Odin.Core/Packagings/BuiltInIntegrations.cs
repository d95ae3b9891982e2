using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Resources;

namespace Odin.Packagings;

/// <summary>The packaging integrations that every server has at its first start.</summary>
public static class BuiltInIntegrations
{
    private const string Image = "odin:latest";
    private const string ImageName = "{{ Name }}-{{ Version }}:{{ RandomUUID }}";

    public static IReadOnlyList<PackagingIntegration> All { get; } =
    [
        Make("docker-rest", "odin-pack-rest",
            [.. Shared, Argument("host", "string", "0.0.0.0"), Argument("port", "integer", 5000), Argument("timeout", "integer", 60), Argument("workers", "integer", 1), Argument("threads", "integer", 4)]),
        Make("docker-cli", "odin-pack-cli", [.. Shared]),
    ];

    private static IEnumerable<ArgumentRule> Shared =>
        [Argument("dockerfileBaseImage", "string", ""), Argument("imageName", "string", ImageName)];

    private static PackagingIntegration Make(string id, string entrypoint, IReadOnlyList<ArgumentRule> arguments) => new(
        new ResourceMetadata { Id = id },
        new PackagingIntegrationSpec
        {
            Entrypoint = entrypoint,
            DefaultImage = Image,
            // Without a registry of one's own the server's takes the image.
            Targets = [Target("docker-push"), Target("docker-pull")],
            Arguments = new ArgumentRules(arguments, []),
        });

    private static PackagingTargetRule Target(string name) => new(name, ConnectionTypes.Registries, "", IsRequired: false);

    private static ArgumentRule Argument(string name, string type, JsonNode value) =>
        new(name, [new ArgumentParameter("type", type), new ArgumentParameter("default", value)]);
}

using Odin.Resources;

namespace Odin.Toolchains;

/// <summary>The toolchains that every server has at its first start.</summary>
public static class BuiltInToolchains
{
    // Where containers are, the image of the server itself has the programs too.
    private const string Image = "odin:latest";

    public static IReadOnlyList<Toolchain> All { get; } =
    [
        Make("mlflow", "odin-mlflow-runner"),
        Make("script", "odin-script-runner"),
    ];

    private static Toolchain Make(string id, string entrypoint) => new(new ResourceMetadata { Id = id }, new ToolchainSpec(entrypoint, Image));
}

using System.Text;
using System.Text.Json.Nodes;
using Odin.Images;

namespace Odin.Packagings;

/// <summary>Images whose program is the model's command line: <c>predict</c>, <c>info</c>, <c>self_check</c>.</summary>
/// <param name="runtime">The directory of the Python runtime, <c>odin_runtime</c>, on this machine.</param>
internal sealed class CliPackager(string runtime) : IModelPackager
{
    private const UnixFileMode Program = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    // The name under which the inherited images have it.
    private static readonly byte[] Invoke = Encoding.UTF8.GetBytes($"#!/usr/bin/env python3\nimport runpy, sys\nsys.argv[:1] = ['/{ModelFiles.RuntimeDirectory}', 'invoke']\nrunpy.run_path('/{ModelFiles.RuntimeDirectory}', run_name='__main__')\n");

    public IReadOnlyList<string> Entrypoints { get; } = ["odin-pack-cli", "/usr/local/bin/odahu-flow-pack-to-cli", "/opt/conda/bin/odahu-flow-pack-to-cli"];

    public ImageRecipe Describe(ModelManifest model, string artifact, JsonObject arguments) => new(
        [
            ModelFiles.Runtime(runtime, LayerEntry.Bytes("usr/local/bin/invoke", Invoke, Program)),
            ModelFiles.Model(artifact),
        ],
        new ImageConfiguration
        {
            Entrypoint = ["python3", $"/{ModelFiles.RuntimeDirectory}", "invoke"],
            WorkingDirectory = "/app",
            Environment = ModelFiles.Environment(model),
        },
        []);
}

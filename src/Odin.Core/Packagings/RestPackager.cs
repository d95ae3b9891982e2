using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Images;

namespace Odin.Packagings;

/// <summary>Images that serve a model over HTTP, with our model server.</summary>
/// <param name="runtime">The directory of the Python runtime, <c>odin_runtime</c>, on this machine.</param>
/// <param name="predictor">The directory of the model server on this machine.</param>
internal sealed class RestPackager(string runtime, PredictorFiles predictor) : IModelPackager
{
    public IReadOnlyList<string> Entrypoints { get; } =
        ["odin-pack-rest", "/usr/local/bin/odahu-flow-pack-to-flask", "/usr/local/bin/odahu-flow-pack-to-rest", "/opt/conda/bin/odahu-flow-pack-to-rest"];

    public ImageRecipe Describe(ModelManifest model, string artifact, JsonObject arguments)
    {
        var host = arguments.Text("host");
        if (!IPAddress.TryParse(host, out _))
            throw new InvalidDataException($"the argument host is '{host}'; it must be an IP address, such as 0.0.0.0");
        var port = arguments.Number("port", 1, 65535);
        var environment = new Dictionary<string, string>(ModelFiles.Environment(model))
        {
            ["ODIN_PREDICT_TIMEOUT"] = Text(arguments.Number("timeout", 1, 86_400)),
            ["ODIN_PREDICT_WORKERS"] = Text(arguments.Number("workers", 1, 1024)),
            ["ODIN_PREDICT_THREADS"] = Text(arguments.Number("threads", 1, 1024)),
            ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1",
            ["DOTNET_EnableDiagnostics"] = "0",
        };
        return new ImageRecipe(
            [
                .. predictor.Layers(),
                ModelFiles.Runtime(runtime),
                ModelFiles.Model(artifact),
            ],
            new ImageConfiguration
            {
                Entrypoint = [.. predictor.Command, "--host", host, "--port", Text(port)],
                Command = [],
                WorkingDirectory = "/app",
                Environment = environment,
                Ports = [port],
            },
            predictor.Programs);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

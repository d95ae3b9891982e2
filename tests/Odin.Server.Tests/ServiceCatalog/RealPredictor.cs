using System.Diagnostics;

namespace Odin.Server.Tests.ServiceCatalog;

/// <summary>The real model server with a small model, on a Unix socket.</summary>
internal sealed class RealPredictor : IAsyncDisposable
{
    private const string Model = """
        def init():
            return "matrix"
        def info():
            return [{"name": "a", "type": "number", "example": 1, "required": True}], [{"name": "sum", "type": "number", "example": 2, "required": True}]
        def predict_on_matrix(rows, provided_columns_names=None):
            return [[row[0] + 1] for row in rows], ["sum"]
        """;

    private readonly TemporaryDirectory directory = new();
    private readonly Process process;

    public RealPredictor(string name, string version)
    {
        File.WriteAllText(directory["entrypoint.py"], Model);
        var start = new ProcessStartInfo(Path.Combine(SourceTree.Root, "artifacts/bin/Odin.Predictor/debug/odin-predictor"), ["--socket", directory["p.socket"]]);
        start.Environment["ODIN_PREDICT_PYTHON"] = "/usr/bin/python3";
        start.Environment["ODAHU_MODEL_NAME"] = name;
        start.Environment["ODAHU_MODEL_VERSION"] = version;
        start.Environment["MODEL_LOCATION"] = directory.Path;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        process = Process.Start(start)!;
    }

    public string Endpoint => "unix:" + directory["p.socket"];

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        directory.Dispose();
    }
}

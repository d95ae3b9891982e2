using System.Globalization;
using System.Net;
using Odin.Predictor.Hosting;

namespace Odin.Predictor.Tests.Hosting;

/// <summary>What the server is started with.</summary>
public sealed class PredictorSettingsTests
{
    [Fact]
    public void Read_Nothing_GivesTheDefaults()
    {
        var settings = new PredictorSettings(_ => null);
        var options = settings.Read([]);
        Assert.Empty(settings.Errors);
        Assert.Equal((IPAddress.Any, 5000, 1, 1, 64, 256, 32L << 20), (options.Address, options.Port, options.Workers, options.Threads, options.BatchRows, options.Queue, options.MaxBody));
        Assert.Equal(TimeSpan.Zero, options.BatchDelay);
        Assert.Null(options.WorkerMemory);
        Assert.EndsWith("python/odin_runtime", options.Runtime, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Sizes_KnowsUnits()
    {
        var settings = new PredictorSettings(name => name switch { "ODIN_PREDICT_WORKER_MEMORY" => "2Gi", "ODIN_PREDICT_MAX_BODY" => "100000", _ => null });
        var options = settings.Read(["--host", "localhost", "--port", "81"]);
        Assert.Empty(settings.Errors);
        Assert.Equal((2L << 30, 100_000, IPAddress.Loopback, 81), (options.WorkerMemory, options.MaxBody, options.Address, options.Port));
    }

    [Fact]
    public async Task Start_InvalidSettings_SaysAllAndExitsWith2()
    {
        using var process = PredictorServer.Start(["--port", "0", "--hots", "x"], new Dictionary<string, string>
        {
            ["ODIN_PREDICT_WORKERS"] = "0",
            ["ODIN_PREDICT_TIMEOUT"] = "long",
            ["ODIN_PREDICT_MAX_BODY"] = "5 MB",
            ["ODIN_PREDICT_CHECK"] = "maybe",
        }, "/no/such/model");
        var text = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(2, process.ExitCode);
        foreach (var part in new[]
        {
            "'--port 0' is not understood", "'--hots x' is not understood", "ODIN_PREDICT_WORKERS is '0'; it must be a whole number from 1 to 1024.",
            "ODIN_PREDICT_TIMEOUT is 'long'", "ODIN_PREDICT_MAX_BODY is '5 MB'", "ODIN_PREDICT_CHECK is 'maybe'", "MODEL_LOCATION is '/no/such/model'",
        })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Start_OnAPort_AnswersThereAndSaysWhenItIsReady()
    {
        using var directory = new TemporaryDirectory();
        var model = TestModel.Write(directory, TestModel.Obedient);
        var port = FreePort.Find().ToString(CultureInfo.InvariantCulture);
        using var process = PredictorServer.Start(["--host", "127.0.0.1", "--port", port], new Dictionary<string, string>(), model);
        try
        {
            var line = await process.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1));
            Assert.Matches($@"^odin-predictor: ready after \d+\.\d{{3}} s: model tiny 2\.5 on http://127\.0\.0\.1:{port}, workers 1, threads 1$", line);
            using var client = new HttpClient();
            Assert.Equal("""{"ready":true}""", await client.GetStringAsync($"http://127.0.0.1:{port}/readyz"));

            // A second one is told that the place is taken.
            using var second = PredictorServer.Start(["--host", "127.0.0.1", "--port", port], new Dictionary<string, string>(), model);
            var output = second.StandardOutput.ReadToEndAsync();
            Assert.Contains($"the port {port} is taken", await second.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
            await second.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(1, second.ExitCode);
            await output;
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task Start_OnTheSocketOfAKilledServer_TakesItOver()
    {
        using var directory = new TemporaryDirectory();
        // A socket of .NET takes its file away.
        await TestProgram.RunAsync("/usr/bin/python3", ["-c", "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", directory["left"]]);
        Assert.True(File.Exists(directory["left"]));
        using var process = PredictorServer.Start(["--socket", directory["left"]], new Dictionary<string, string>(), TestModel.Write(directory, TestModel.Obedient));
        try
        {
            Assert.Contains($"on {directory["left"]}", await process.StandardError.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1)), StringComparison.Ordinal);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }
}

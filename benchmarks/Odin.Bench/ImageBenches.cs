using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Odin.Images;

namespace Odin.Bench;

/// <summary>Building and pushing an image of a model: our builder beside buildah, on the same inputs and the same registry.</summary>
internal static class ImageBenches
{
    private const int BaseLayers = 4, BaseLayerBytes = 25_000_000, ModelFiles = 5, ModelFileBytes = 10_000_000, Rounds = 3;

    public static async Task<IReadOnlyList<BenchRow>> BuildersAsync()
    {
        var directory = Directory.CreateTempSubdirectory("odin-bench-images-").FullName;
        try
        {
            using var registry = await Registry.StartAsync(directory);
            await PushBaseAsync(directory, registry.Host);
            var ours = double.MaxValue;
            for (var round = 0; round < Rounds; round++)
                ours = Math.Min(ours, await OursAsync(directory, registry.Host, MakeModel(directory, round), round));
            List<BenchRow> rows = [BenchRow.AtMost("images-layers", ours, 3, "s", $"100 MB base in the registry, 50 MB model, best of {Rounds}")];
            if (HasBuildah())
            {
                var theirs = await BuildahAsync(directory, registry.Host);
                rows.Add(BenchRow.AtLeast("images-layers-buildah", theirs / ours, 3, "times", string.Create(CultureInfo.InvariantCulture, $"as fast as buildah COPY and push, {theirs:0.00} s")));
            }
            else
                rows.Add(new BenchRow("images-layers-buildah", ">= 3 times", "not measured: buildah is not installed", IsOk: true));
            return rows;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static bool HasBuildah() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "buildah")));

    // Numbers as a model has them: hardly to be compressed.
    private static byte[] Content(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static string MakeModel(string directory, int round)
    {
        var folder = Directory.CreateDirectory(Path.Combine(directory, $"model-{round}")).FullName;
        for (var i = 0; i < ModelFiles; i++)
            File.WriteAllBytes(Path.Combine(folder, $"part{i}.pkl"), Content(1000 + (round * ModelFiles) + i, ModelFileBytes));
        return folder;
    }

    private static async Task PushBaseAsync(string directory, string host)
    {
        using var target = new RemoteRepository(host, "base", null);
        var layers = Enumerable.Range(0, BaseLayers).Select(i => new ImageLayer($"base {i}", [LayerEntry.Bytes($"base/{i}", Content(i, BaseLayerBytes))])).ToList();
        await BuildAsync(directory, new ImageBuild { Target = target, Tag = "1", Base = BaseImage.Scratch(), Layers = layers });
    }

    private static async Task<double> OursAsync(string directory, string host, string model, int round)
    {
        var watch = Stopwatch.StartNew();
        using var source = new RemoteRepository(host, "base", null);
        using var target = new RemoteRepository(host, $"ours{round}", null);
        await BuildAsync(directory, new ImageBuild
        {
            Target = target,
            Tag = "1",
            Base = await BaseImage.FindAsync(source, "1", null, CancellationToken.None),
            Layers = [new ImageLayer("model", LayerEntry.Tree("/model", model))],
        });
        return watch.Elapsed.TotalSeconds;
    }

    private static Task<BuiltImage> BuildAsync(string directory, ImageBuild build) =>
        new LayersImageBuilder(new ImageBuilderOptions { WorkDirectory = Path.Combine(directory, "work") }).BuildAsync(build, (_, _) => Task.CompletedTask, CancellationToken.None);

    /// <summary>The base is pulled before the clock starts, which our builder does not need.</summary>
    private static async Task<double> BuildahAsync(string directory, string host)
    {
        var best = double.MaxValue;
        await RunAsync(directory, "pull", "--quiet", "--tls-verify=false", $"{host}/base:1");
        for (var round = 0; round < Rounds; round++)
        {
            var context = Path.Combine(directory, $"model-{round}");
            var file = Path.Combine(directory, "Containerfile");
            await File.WriteAllTextAsync(file, $"FROM {host}/base:1\nCOPY . /model\n");
            var watch = Stopwatch.StartNew();
            await RunAsync(directory, "build", "--quiet", "--pull=never", "--file", file, "--tag", $"{host}/theirs{round}:1", context);
            await RunAsync(directory, "push", "--quiet", "--tls-verify=false", $"{host}/theirs{round}:1");
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
        }
        await RunAsync(directory, "rmi", "--all", "--force");
        return best;
    }

    private static async Task RunAsync(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("buildah", ["--root", Path.Combine(directory, "root"), "--runroot", Path.Combine(directory, "run"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("buildah did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"buildah {arguments[0]} failed: {await errors}");
    }

    /// <summary>docker-registry without users, on a free port.</summary>
    private sealed class Registry(Process process, int port) : IDisposable
    {
        public string Host => $"127.0.0.1:{port}";

        public static async Task<Registry> StartAsync(string directory)
        {
            int port;
            using (var listener = new TcpListener(IPAddress.Loopback, 0))
            {
                listener.Start();
                port = ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            var file = Path.Combine(directory, "registry.yml");
            await File.WriteAllTextAsync(file, $$"""
                version: 0.1
                log: {level: error}
                storage: {filesystem: {rootdirectory: "{{directory}}/registry"} }
                http: {addr: "127.0.0.1:{{port}}"}
                """);
            var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec docker-registry serve \"$0\" >/dev/null 2>&1", file]))!;
            for (var attempt = 0; attempt < 600; attempt++)
            {
                using var client = new TcpClient();
                try
                {
                    await client.ConnectAsync(IPAddress.Loopback, port);
                    return new Registry(process, port);
                }
                catch (SocketException) when (!process.HasExited)
                {
                    await Task.Delay(50);
                }
            }
            throw new InvalidOperationException("docker-registry does not listen.");
        }

        public void Dispose()
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
    }
}

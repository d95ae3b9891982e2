using System.Diagnostics;
using Odin.Artifacts;

namespace Odin.Bench;

/// <summary>A model directory into an archive and back, beside <c>zip -1</c> and <c>unzip</c> on the same files.</summary>
internal static class ArchiveBenches
{
    private const int Files = 64, FileBytes = 16 << 20, Rounds = 3;

    public static async Task<IReadOnlyList<BenchRow>> RunAsync()
    {
        var directory = Directory.CreateTempSubdirectory("odin-bench-");
        try
        {
            var model = Path.Combine(directory.FullName, "model");
            MakeModel(model);
            var before = PeakMegabytes();
            var (pack, zip, unpack, unzip) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
            for (var i = 0; i < Rounds; i++)
            {
                var (ours, theirs) = (Path.Combine(directory.FullName, $"{i}.zip"), Path.Combine(directory.FullName, $"{i}-zip.zip"));
                zip.Add(await TimeAsync(() => RunAsync("zip", ["-1", "-q", "-r", theirs, "."], model)));
                pack.Add(await TimeAsync(() => PackAsync(model, ours)));
                var (there, here) = (Directory.CreateDirectory(Path.Combine(directory.FullName, "unzip")), Directory.CreateDirectory(Path.Combine(directory.FullName, "unpack")));
                unzip.Add(await TimeAsync(() => RunAsync("unzip", ["-q", ours, "-d", there.FullName], directory.FullName)));
                unpack.Add(await TimeAsync(() => ModelUnpacker.UnpackAsync(ours, here.FullName, new ArchiveLimits(), CancellationToken.None)));
                there.Delete(recursive: true);
                here.Delete(recursive: true);
                File.Delete(ours);
                File.Delete(theirs);
            }
            return
            [
                BenchRow.AtLeast("archive-pack", zip.Min() / pack.Min(), 0.8, "x zip -1", $"1 GiB in {pack.Min():0.0} s, zip in {zip.Min():0.0} s, best of {Rounds}"),
                BenchRow.AtLeast("archive-unpack", unzip.Min() / unpack.Min(), 0.8, "x unzip", $"{unpack.Min():0.0} s, unzip {unzip.Min():0.0} s"),
                BenchRow.AtMost("archive-memory", PeakMegabytes() - before, 200, "MB", "above idle"),
            ];
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    // As models are: weights that hardly get smaller, and tables that do.
    private static void MakeModel(string model)
    {
        Directory.CreateDirectory(model);
        var random = new Random(17);
        var (weights, table) = (new byte[FileBytes], new byte[FileBytes]);
        for (var i = 0; i < Files; i++)
        {
            random.NextBytes(weights);
            for (var at = 0; at < table.Length; at++)
                table[at] = (byte)(at % 8 < 6 ? i : weights[at] & 15);
            using var file = File.Create(Path.Combine(model, $"part-{i:00}"));
            file.Write(i % 2 == 0 ? weights : table);
        }
    }

    private static async Task PackAsync(string model, string path) => await ModelArchive.PackAsync(
        model, ArchiveFormat.Zip,
        async (content, token) =>
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            await content.CopyToAsync(file, 256 << 10, token);
        },
        CancellationToken.None);

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalSeconds;
    }

    private static async Task RunAsync(string program, string[] arguments, string directory)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = directory })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with exit code {process.ExitCode}.");
    }

    private static double PeakMegabytes() => Machine.Megabytes("self", "VmHWM");
}

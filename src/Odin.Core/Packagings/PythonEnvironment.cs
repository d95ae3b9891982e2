using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Odin.Execution.Processes;
using Odin.Images;

namespace Odin.Packagings;

/// <summary>
/// The Python environment of a model on this machine as a layer: what an image is built upon when no base image is named, so that
/// it needs neither a network nor a container engine.
/// </summary>
/// <param name="Layers">The interpreter, the packages and the libraries, where they lie on this machine; then what only other programs need.</param>
/// <param name="Variables">PATH, and what else programs need to find each other.</param>
/// <param name="Packages">That are in it.</param>
internal sealed record PythonEnvironment(IReadOnlyList<ImageLayer> Layers, IReadOnlyDictionary<string, string> Variables, string Version, IReadOnlyList<PythonPackage> Packages)
{
    private const int MostErrorText = 4000;

    /// <summary>Finds out what the environment of a model consists of, with the Python that trainings run with.</summary>
    /// <param name="programs">The directory of the Python runtime's programs.</param>
    /// <param name="condaFile">The environment that the model asks for.</param>
    /// <param name="model">The directory of the model, whose files name modules.</param>
    /// <param name="also">Files of this machine whose shared libraries are wanted too.</param>
    /// <exception cref="InvalidDataException">It cannot be found out; the message says why.</exception>
    public static async Task<PythonEnvironment> CaptureAsync(
        string programs, string condaFile, string model, IReadOnlyList<string> also, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path.Combine(programs, "odin-python-runtime"), ["capture", "--conda", condaFile, "--model", model, .. also.SelectMany(f => new[] { "--also", f })])
        {
            WorkingDirectory = Path.GetDirectoryName(condaFile)!,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in TaskEnvironment.Inherited())
            start.Environment[name] = value;
        var (output, errors, code) = await RunAsync(start, log, cancellationToken);
        if (code != 0)
            throw new InvalidDataException($"the Python environment of the model cannot be put into an image: {(errors.Length > 0 ? errors : $"odin-python-runtime ended with exit code {code}")}. Name a base image by the argument dockerfileBaseImage");
        return Read(output);
    }

    private static async Task<(byte[] Output, string Errors, int Code)> RunAsync(ProcessStartInfo start, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        using var process = Process.Start(start)!;
        try
        {
            process.StandardInput.Close();
            using var output = new MemoryStream();
            var copying = process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
            var errors = "";
            while (await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
            {
                await log(line, cancellationToken);
                errors = line.Length > MostErrorText ? line[..MostErrorText] : line;
            }
            await copying;
            await process.WaitForExitAsync(cancellationToken);
            return (output.ToArray(), errors, process.ExitCode);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static PythonEnvironment Read(byte[] output)
    {
        var captured = JsonSerializer.Deserialize(output, CapturedJson.Default.CapturedEnvironment)
            ?? throw new InvalidDataException("the Python environment of the model cannot be put into an image: odin-python-runtime has said nothing");
        var layers = new List<ImageLayer> { Layer("python", captured.Entries, captured.Version) };
        if (captured.Libraries.Count > 0)
            layers.Add(Layer("libraries", captured.Libraries, captured.Version));
        var variables = new Dictionary<string, string> { ["PATH"] = string.Join(':', captured.Path) };
        if (captured.LibraryPath.Count > 0)
            variables["LD_LIBRARY_PATH"] = string.Join(':', captured.LibraryPath);
        return new PythonEnvironment(layers, variables, captured.Version, captured.Packages);
    }

    private static ImageLayer Layer(string name, IReadOnlyList<CapturedEntry> entries, string version) =>
        new(name, [.. entries.Select(EntryOf), .. entries.Where(e => e is { Link: null, Directory: false }).Select(e => PythonBytecode.Find(e.Path, version)).OfType<LayerEntry>()]) { IsShared = true };

    private static LayerEntry EntryOf(CapturedEntry entry) =>
        entry.Link is not null ? LayerEntry.Link(entry.Path, entry.Link)
        : entry.Directory ? LayerEntry.Directory(entry.Path)
        : LayerEntry.File(entry.Path, entry.Path);
}

/// <summary>A package of Python.</summary>
internal sealed record PythonPackage(string Name, string Version);

/// <summary>What <c>odin_runtime capture</c> prints.</summary>
internal sealed record CapturedEnvironment(
    string Interpreter, string Version, IReadOnlyList<string> Path, IReadOnlyList<string> LibraryPath, IReadOnlyList<CapturedEntry> Entries, IReadOnlyList<CapturedEntry> Libraries, IReadOnlyList<PythonPackage> Packages);

/// <summary>A file, unless it is a link or a directory.</summary>
internal sealed record CapturedEntry(string Path, string? Link, bool Directory);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(CapturedEnvironment))]
internal sealed partial class CapturedJson : JsonSerializerContext;

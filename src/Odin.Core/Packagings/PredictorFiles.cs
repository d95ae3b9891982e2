using System.Runtime.InteropServices;
using Odin.Images;

namespace Odin.Packagings;

/// <summary>The model server as it lies beside this program, and the .NET that it needs.</summary>
internal sealed class PredictorFiles
{
    private const string Target = "opt/odin/predictor", DotnetTarget = "opt/odin/dotnet", Name = "odin-predictor";
    private static readonly string[] Frameworks = ["Microsoft.NETCore.App", "Microsoft.AspNetCore.App"];

    private readonly string directory;

    // Of a server that brings no .NET of its own: the installation that this program runs on.
    private readonly string? dotnet;

    private PredictorFiles(string directory, string? dotnet) => (this.directory, this.dotnet) = (directory, dotnet);

    /// <summary>In an image.</summary>
    public IReadOnlyList<string> Command => dotnet is null ? [$"/{Target}/{Name}"] : [$"/{DotnetTarget}/dotnet", $"/{Target}/{Name}.dll"];

    /// <summary>Files of this machine whose shared libraries an image needs.</summary>
    public IReadOnlyList<string> Programs => dotnet is null
        ? [Path.Combine(directory, Name), .. Directory.EnumerateFiles(directory, "*.so")]
        : [Path.Combine(dotnet, "dotnet"), .. DotnetDirectories().SelectMany(d => Directory.EnumerateFiles(d, "*.so", SearchOption.AllDirectories)).Where(f => !f.EndsWith("lttng.so", StringComparison.Ordinal) && !f.Contains("libcoreclrtraceptprovider", StringComparison.Ordinal))];

    /// <summary>Null: there is no model server beside this program, or no .NET that could go with it.</summary>
    public static PredictorFiles? Find()
    {
        var directory = Path.Combine(AppContext.BaseDirectory, "predictor");
        if (!File.Exists(Path.Combine(directory, $"{Name}.dll")))
            return null;
        if (File.Exists(Path.Combine(directory, "libcoreclr.so")))
            return new PredictorFiles(directory, null);
        // …/shared/Microsoft.NETCore.App/10.0.1/
        var root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return File.Exists(Path.Combine(root, "dotnet")) ? new PredictorFiles(directory, root) : null;
    }

    /// <summary>.NET below the server, because it changes less often.</summary>
    public IEnumerable<ImageLayer> Layers()
    {
        if (dotnet is not null)
        {
            var files = DotnetDirectories().SelectMany(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories)).Append(Path.Combine(dotnet, "dotnet"));
            yield return new ImageLayer("dotnet", [.. files.Select(f => LayerEntry.File($"{DotnetTarget}/{Path.GetRelativePath(dotnet, f)}", f))]) { IsShared = true, IsAboveCommands = true };
        }
        yield return new ImageLayer("predictor", LayerEntry.Tree(Target, directory)) { IsShared = true, IsAboveCommands = true };
    }

    // Of the version that we run on; others may lie beside it.
    private IEnumerable<string> DotnetDirectories()
    {
        var version = Path.GetFileName(Path.TrimEndingDirectorySeparator(RuntimeEnvironment.GetRuntimeDirectory()));
        return Frameworks.Select(f => Path.Combine(dotnet!, "shared", f, version)).Append(Path.Combine(dotnet!, "host", "fxr", version)).Where(Directory.Exists);
    }
}

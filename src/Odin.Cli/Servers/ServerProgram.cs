using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Odin.Cli.Servers;

/// <summary>The program <c>odin-server</c>: where it is, and how to become it.</summary>
/// <param name="Path">What to start: the program, or <c>dotnet</c>.</param>
/// <param name="Arguments">What comes before its own arguments: nothing, or the assembly.</param>
internal sealed partial record ServerProgram(string Path, IReadOnlyList<string> Arguments)
{
    private const string Name = "odin-server";

    /// <summary>Beside this program, or where the build puts it; as a program of its own or as an assembly.</summary>
    public static ServerProgram Find()
    {
        var here = AppContext.BaseDirectory;
        // artifacts/bin/Odin.Cli/debug/ and artifacts/bin/Odin.Server/debug/, for publish alike.
        var own = new DirectoryInfo(here.TrimEnd(System.IO.Path.DirectorySeparatorChar));
        string?[] directories =
        [
            here,
            own.Parent?.Parent is { } bin ? System.IO.Path.Combine(bin.FullName, "Odin.Server", own.Name) : null,
        ];
        foreach (var directory in directories.OfType<string>())
        {
            var program = System.IO.Path.Combine(directory, OperatingSystem.IsWindows() ? Name + ".exe" : Name);
            if (File.Exists(program))
                return new ServerProgram(program, []);
            var assembly = System.IO.Path.Combine(directory, Name + ".dll");
            if (File.Exists(assembly))
                return new ServerProgram(DotNet(), [assembly]);
        }
        throw new CliException(
            ExitCode.NotFound,
            $"the program '{Name}' is not beside this one, in '{here}'",
            "Build it with `dotnet build src/Odin.Server`, or install both programs in one directory.");
    }

    /// <summary>
    /// Becomes the server: same process id, so that signals, supervisors and terminals see one program. Returns only where
    /// the system cannot do that, with the exit code.
    /// </summary>
    public int Become(IReadOnlyList<string> arguments)
    {
        string?[] all = [Path, .. Arguments, .. arguments, null];
        if (OperatingSystem.IsWindows())
            return StartAndWait(arguments);
        _ = Execute(Path, all);
        throw new CliException(
            ExitCode.Failure, $"'{Path}' cannot be started: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    private int StartAndWait(IReadOnlyList<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path, [.. Arguments, .. arguments]))!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static string DotNet() =>
        System.IO.Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath!
        : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
        : InPath("dotnet") ?? throw new CliException(ExitCode.NotFound, "'dotnet' is not in PATH", "Install the .NET 10 runtime.");

    private static string? InPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(directory => System.IO.Path.Combine(directory, name))
        .FirstOrDefault(File.Exists);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}

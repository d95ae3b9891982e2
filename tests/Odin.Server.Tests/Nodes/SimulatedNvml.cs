namespace Odin.Server.Tests.Nodes;

/// <summary>The simulated driver's library of <c>Fixtures/nvml-simulated.c</c>, compiled anew for each test that loads it.</summary>
internal static class SimulatedNvml
{
    public static string Fixture(string name) => Path.Combine(SourceTree.Root, "tests", "Odin.Server.Tests", "Nodes", "Fixtures", name);

    /// <summary>The path of the library, built with these definitions.</summary>
    public static async Task<string> CompileAsync(TemporaryDirectory directory, params IReadOnlyList<string> definitions)
    {
        var library = directory[$"libnvidia-ml-{Guid.NewGuid():n}.so.1"];
        await TestProgram.RunAsync(
            "gcc",
            ["-shared", "-fPIC", "-ffreestanding", "-nostdlib", "-O1", "-Wall", "-Wextra", "-Werror", .. definitions.Select(d => "-D" + d), "-o", library, Fixture("nvml-simulated.c")]);
        return library;
    }

    /// <summary>A program that stands in for nvidia-smi.</summary>
    public static string Script(TemporaryDirectory directory, string body)
    {
        var path = directory[$"nvidia-smi-{Guid.NewGuid():n}"];
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}

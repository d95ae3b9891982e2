namespace Odin.Execution.Processes;

/// <summary>Where the program <c>odin</c> is, which tasks call for chores.</summary>
internal static class OdinProgram
{
    private const string Name = "odin";

    /// <summary>Its directory: that of this program, or where the build puts it. Null if it is in neither.</summary>
    public static string? FindDirectory()
    {
        // artifacts/bin/Odin.Cli/debug beside artifacts/bin/Odin.Server/debug; installed, both are in one directory.
        var own = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string?[] directories = [own.FullName, own.Parent?.Parent is { } bin ? Path.Combine(bin.FullName, "Odin.Cli", own.Name) : null];
        return directories.OfType<string>().FirstOrDefault(directory => File.Exists(Path.Combine(directory, Name)));
    }
}

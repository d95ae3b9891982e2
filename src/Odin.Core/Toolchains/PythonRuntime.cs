namespace Odin.Toolchains;

/// <summary>Where the programs of the built-in toolchains are.</summary>
public static class PythonRuntime
{
    /// <summary>Beside the program that uses the engine; null: they were left out of it.</summary>
    public static string? FindDirectory()
    {
        var directory = Path.Combine(AppContext.BaseDirectory, "python", "bin");
        return Directory.Exists(directory) ? directory : null;
    }

    /// <summary>The directory of its sources; null: they were left out.</summary>
    public static string? FindSources()
    {
        var directory = Path.Combine(AppContext.BaseDirectory, "python", "odin_runtime");
        return Directory.Exists(directory) ? directory : null;
    }
}

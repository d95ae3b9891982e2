namespace Odin.EndToEnd;

/// <summary>Where the built programs are: those of the same configuration as the tests.</summary>
internal static class Programs
{
    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    public static string Server { get; } = Built("Odin.Server", "odin-server");

    public static string Cli { get; } = Built("Odin.Cli", "odin");

    /// <summary>The program of an example.</summary>
    public static string Example(string project, string program) => Built(project, program);

    private static string Built(string project, string program)
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(Root, "artifacts", "bin", project, configuration, program);
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Odin.slnx")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests do not lie in the repository.");
        return directory.FullName;
    }
}

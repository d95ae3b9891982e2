namespace Odin.Testing;

/// <summary>The repository that the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The directory that holds <c>Odin.slnx</c>.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Odin.slnx")))
                return directory.FullName;
        }
        throw new InvalidOperationException($"No directory above '{AppContext.BaseDirectory}' holds Odin.slnx.");
    }
}

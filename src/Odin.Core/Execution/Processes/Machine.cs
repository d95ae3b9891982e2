namespace Odin.Execution.Processes;

/// <summary>
/// Where the processes of a server are to be seen. Servers on one machine see each other's, unless they are in containers
/// of their own; after a boot there are none of those from before.
/// </summary>
/// <param name="Name">For people.</param>
/// <param name="Boot">Linux's id of this boot.</param>
/// <param name="Processes">The namespace of process ids.</param>
internal sealed record Machine(string Name, string Boot, string Processes)
{
    public static Machine Current { get; } = new(Environment.MachineName, Read("/proc/sys/kernel/random/boot_id"), ReadLink("/proc/self/ns/pid"));

    /// <summary>True if processes of <paramref name="other"/> cannot be seen here though they may live.</summary>
    public bool IsOther(Machine? other) => other is not null && (other.Boot, other.Processes) != (Boot, Processes);

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string ReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

namespace Odin.Execution;

/// <summary>
/// The output of every execution, kept as <c>DIR/{group}/{id}.log</c>: it outlives the program, the pod and the server.
/// Executors append (or let the program append) to the file; anyone may read and follow it.
/// </summary>
public sealed partial class LogStore(string directory)
{
    /// <summary>The directory that holds the logs, absolute.</summary>
    public string Directory { get; } = Path.GetFullPath(directory);

    /// <summary>The file of one execution; its directory exists after <see cref="Prepare"/>.</summary>
    public string PathOf(ExecutionKey key) => Path.Combine(Directory, key.Group, key.Id + ".log");

    /// <summary>Makes the directory for the logs of a group.</summary>
    public void Prepare(ExecutionKey key) => System.IO.Directory.CreateDirectory(Path.Combine(Directory, key.Group));
}

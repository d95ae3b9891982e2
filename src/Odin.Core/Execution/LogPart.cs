using System.Globalization;

namespace Odin.Execution;

/// <summary>
/// One of several programs that make up an execution, each with a log of its own: a pod of a distributed job.
/// </summary>
/// <param name="Name">What people call it: the name of the pod.</param>
/// <param name="Instance">Tells apart those that had the same name one after the other; a later one sorts behind.</param>
/// <param name="IsMain">It speaks for the whole: the master, the launcher, the first worker.</param>
public sealed record LogPart(string Name, string Instance, bool IsMain)
{
    private const char Separator = '~';
    private const string Main = "main", Other = "part";

    /// <summary>Ids hold no such character, so that no part is taken for another execution's log.</summary>
    internal string FileName => $"{(IsMain ? Main : Other)}{Separator}{Name}{Separator}{Instance}.log";

    /// <summary>The part of a file of that name; null: it is none.</summary>
    internal static LogPart? Parse(string fileName) =>
        Path.GetExtension(fileName) == ".log" && fileName[..^4].Split(Separator) is [Main or Other, { Length: > 0 } name, { Length: > 0 } instance]
            ? new LogPart(name, instance, fileName.StartsWith(Main, StringComparison.Ordinal))
            : null;

    /// <summary>The main one first, then by name, where <c>worker-10</c> comes after <c>worker-2</c>.</summary>
    internal static IEnumerable<LogPart> Sort(IEnumerable<LogPart> parts) => parts
        .OrderBy(p => p.IsMain ? 0 : 1)
        .ThenBy(p => Split(p.Name).Stem, StringComparer.Ordinal)
        .ThenBy(p => Split(p.Name).Number)
        .ThenBy(p => p.Instance, StringComparer.Ordinal);

    /// <exception cref="ArgumentException">Name or instance cannot be a part of a file's name.</exception>
    internal void ThrowIfUnsafe()
    {
        foreach (var text in (string[])[Name, Instance])
        {
            ExecutionKey.ThrowIfUnsafe(text, "part");
            if (text.Contains(Separator))
                throw new ArgumentException($"\"{text}\" cannot name a part of an execution: it holds a '{Separator}'.");
        }
    }

    private static (string Stem, long Number) Split(string name)
    {
        var dash = name.LastIndexOf('-');
        return dash > 0 && long.TryParse(name.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (name[..dash], number)
            : (name, -1);
    }
}

/// <summary>Names one log: that of an execution, or of one of its parts.</summary>
/// <param name="Part">Null: the execution itself.</param>
public readonly record struct LogKey(ExecutionKey Execution, LogPart? Part = null)
{
    public static implicit operator LogKey(ExecutionKey execution) => new(execution);

    /// <summary>The same as the operator.</summary>
    public static LogKey FromExecutionKey(ExecutionKey execution) => new(execution);

    /// <summary>The file, relative to the directory of the group.</summary>
    internal string RelativePath => Part is null
        ? Execution.Id + ".log"
        : Path.Combine(DirectoryOf(Execution), Part.FileName);

    public override string ToString() => Part?.Name ?? Execution.Id;

    /// <summary>Where the logs of the parts are, relative to the directory of the group.</summary>
    internal static string DirectoryOf(ExecutionKey execution) => execution.Id + ".parts";

    /// <exception cref="ArgumentException">It would lead out of the directory of logs.</exception>
    internal void ThrowIfUnsafe()
    {
        Execution.ThrowIfUnsafe();
        Part?.ThrowIfUnsafe();
    }
}

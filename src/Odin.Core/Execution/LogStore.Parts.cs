using System.Runtime.CompilerServices;

namespace Odin.Execution;

// An execution of several programs has a log for each of them.
public sealed partial class LogStore
{
    /// <summary>The parts of an execution of which there is a log, the main one first; most executions have none.</summary>
    public IReadOnlyList<LogPart> PartsOf(ExecutionKey key)
    {
        key.ThrowIfUnsafe();
        try
        {
            var files = System.IO.Directory.EnumerateFiles(Path.Combine(Directory, key.Group, LogKey.DirectoryOf(key)));
            return [.. LogPart.Sort(files.Select(path => LogPart.Parse(Path.GetFileName(path))).OfType<LogPart>())];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Each part as soon as it has a log, until the execution has ended and all were told.</summary>
    /// <param name="key">Whose parts.</param>
    /// <param name="ended">Completes when the execution has ended.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async IAsyncEnumerable<LogPart> FollowPartsAsync(
        ExecutionKey key, Task ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var subscription = changes.SubscribeParts(key);
        var told = new HashSet<LogPart>();
        while (true)
        {
            // Asked before looking: what was there when the execution ended is then seen.
            var isOver = ended.IsCompleted;
            foreach (var part in PartsOf(key).Where(told.Add))
                yield return part;
            if (isOver)
                yield break;
            await subscription.WaitAsync(ended, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}

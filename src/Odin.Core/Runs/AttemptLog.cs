using System.Runtime.CompilerServices;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>
/// The output of one attempt of a task. A distributed one has several logs; read as lines, those of the main pod are as they
/// are and those of the others begin with the name of the pod, less what all of them have in common.
/// </summary>
internal sealed class AttemptLog(LogStore logs, TaskRun task, int number)
{
    private const int MostBytes = 256 * 1024;

    /// <summary>Logs that one reader has open at a time; the others are read when those have ended.</summary>
    private const int MostOpen = 64;

    // Nothing is looked for where there can be nothing.
    private readonly bool mayHaveParts = task.Spec.Task.ResourceType != ResourceTypes.Pod;

    public string TaskId => task.Id;

    public int Number => number;

    public ExecutionKey Key { get; } = new(task.Spec.RunId, RunIds.AttemptId(task.Id, number));

    /// <summary>The logs that there are, the main one first; that of the attempt itself if there are no others.</summary>
    public IReadOnlyList<LogKey> Logs()
    {
        var parts = mayHaveParts ? logs.PartsOf(Key) : [];
        return parts.Count == 0 || logs.LengthOf(Key) > 0 ? [Key, .. parts.Select(Of)] : [.. parts.Select(Of)];
    }

    /// <summary>Lines, without their ends.</summary>
    /// <param name="options">Which part of each log.</param>
    /// <param name="ended">As for <see cref="LogStore.ReadLinesAsync"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerable<string> ReadLinesAsync(
        LogReadOptions options, Func<CancellationToken, Task> ended, CancellationToken cancellationToken = default)
    {
        if (!mayHaveParts)
            return logs.ReadLinesAsync(Key, options, ended, cancellationToken);
        return options.Follow ? FollowAsync(options, ended, cancellationToken) : ReadAsync(options, cancellationToken);
    }

    private async IAsyncEnumerable<string> ReadAsync(LogReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var log in Logs())
        {
            var prefix = PrefixOf(log);
            await foreach (var line in logs.ReadLinesAsync(log, options, static _ => Task.CompletedTask, cancellationToken))
                yield return prefix + line;
        }
    }

    private async IAsyncEnumerable<string> FollowAsync(
        LogReadOptions options, Func<CancellationToken, Task> ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = new LineBuffer(MostBytes);
        var feeding = FeedAsync(lines, options, ended(stop.Token), stop.Token);
        try
        {
            await foreach (var line in lines.ReadAllAsync(cancellationToken))
                yield return line;
        }
        finally
        {
            await stop.CancelAsync();
            await feeding.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FeedAsync(LineBuffer lines, LogReadOptions options, Task ended, CancellationToken cancellationToken)
    {
        using var slots = new SemaphoreSlim(MostOpen);
        var reading = new List<Task> { CopyAsync(Key) };
        try
        {
            await foreach (var part in logs.FollowPartsAsync(Key, ended, cancellationToken))
                reading.Add(CopyAsync(Of(part)));
            await Task.WhenAll(reading);
            lines.Complete(null);
        }
        catch (Exception e)
        {
            lines.Complete(e);
        }
        // Each ends with the token; none must be left behind.
        await Task.WhenAll(reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        async Task CopyAsync(LogKey log)
        {
            await slots.WaitAsync(cancellationToken);
            try
            {
                await Task.Yield();
                var prefix = PrefixOf(log);
                await foreach (var line in logs.ReadLinesAsync(log, options, ended.WaitAsync, cancellationToken))
                    await lines.WriteAsync(prefix + line, cancellationToken);
            }
            finally
            {
                slots.Release();
            }
        }
    }

    private LogKey Of(LogPart part) => new(Key, part);

    private string PrefixOf(LogKey log) => log.Part switch
    {
        null or { IsMain: true } => "",
        var part when part.Name.StartsWith(Key.Id + "-", StringComparison.Ordinal) => $"[{part.Name[(Key.Id.Length + 1)..]}] ",
        var part => $"[{part.Name}] ",
    };
}

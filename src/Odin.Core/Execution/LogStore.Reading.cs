using System.Runtime.CompilerServices;

namespace Odin.Execution;

public sealed partial class LogStore
{
    /// <summary>
    /// Streams a log in pieces of at most 64 KiB, each valid until the next step. A log that does not exist is empty;
    /// when following, it is waited for.
    /// </summary>
    /// <param name="key">Whose log.</param>
    /// <param name="options">Which part.</param>
    /// <param name="ended">Completes when the execution has ended; asked only when following, which then finishes after
    /// the last byte. Its token is cancelled when nobody reads any more.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        LogKey key,
        LogReadOptions options,
        Func<CancellationToken, Task> ended,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new LogReader(PathOf(key), options, this.options.MaxBytes);
        if (!options.Follow)
        {
            while (reader.Read() is { Length: > 0 } piece)
            {
                yield return piece;
                cancellationToken.ThrowIfCancellationRequested();
            }
            yield break;
        }
        using var subscription = changes.Subscribe(key);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var end = ended(left.Token);
        try
        {
            while (true)
            {
                // Asked before reading to the end: what was written before the execution ended is then read.
                var isOver = end.IsCompleted;
                while (reader.Read() is { Length: > 0 } piece)
                {
                    yield return piece;
                    cancellationToken.ThrowIfCancellationRequested();
                }
                if (isOver)
                    await end;
                if (isOver || reader.IsFinished)
                    yield break;
                await subscription.WaitAsync(end, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await left.CancelAsync();
            await end.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// The same as lines of text, without their ends. Bytes that are not UTF-8 become U+FFFD; a line over 64 KiB comes
    /// in several parts.
    /// </summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async IAsyncEnumerable<string> ReadLinesAsync(
        LogKey key,
        LogReadOptions options,
        Func<CancellationToken, Task> ended,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var splitter = new LogLineSplitter();
        await foreach (var piece in ReadAsync(key, options, ended, cancellationToken))
        {
            foreach (var line in splitter.Add(piece.Span))
                yield return line;
        }
        if (splitter.Finish() is { } last)
            yield return last;
    }
}

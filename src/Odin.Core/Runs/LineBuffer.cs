using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Odin.Runs;

/// <summary>
/// Lines on their way from several writers to one reader, who may stand still. It is bounded by memory, not by the number
/// of lines, which may be short or very long.
/// </summary>
/// <param name="mostBytes">Writers wait while it would hold more than this; a line larger than this passes alone.</param>
internal sealed class LineBuffer(int mostBytes)
{
    /// <summary>What a line takes beside its characters, in bytes.</summary>
    public const int Overhead = 32;

    private readonly Channel<string> lines = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock gate = new();

    // First come, first served, so that many short lines do not keep a long one out.
    private readonly Queue<(string Line, TaskCompletionSource Written)> waiting = [];
    private long held;

    /// <summary>Bytes of the lines that were written and not yet read.</summary>
    public long Held
    {
        get
        {
            lock (gate)
                return held;
        }
    }

    /// <summary>Completes when the line has found room.</summary>
    /// <exception cref="ChannelClosedException">The buffer was completed.</exception>
    public async ValueTask WriteAsync(string line, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            waiting.Enqueue((line, written));
            Admit();
        }
        await using var giveUp = cancellationToken.Register(() => GiveUp(written, cancellationToken));
        await written.Task;
    }

    /// <summary>Nothing more will be written; the first call counts.</summary>
    /// <param name="error">What the reader gets after the lines that are there; null: their end.</param>
    public void Complete(Exception? error)
    {
        lock (gate)
        {
            lines.Writer.TryComplete(error);
            while (waiting.TryDequeue(out var next))
                next.Written.TrySetException(new ChannelClosedException());
        }
    }

    public async IAsyncEnumerable<string> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var line in lines.Reader.ReadAllAsync(cancellationToken))
        {
            lock (gate)
            {
                held -= Size(line);
                Admit();
            }
            yield return line;
        }
    }

    private void GiveUp(TaskCompletionSource written, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (written.TrySetCanceled(cancellationToken))
                Admit();
        }
    }

    // Under the gate.
    private void Admit()
    {
        while (waiting.TryPeek(out var next) && (next.Written.Task.IsCompleted || held == 0 || held + Size(next.Line) <= mostBytes))
        {
            waiting.Dequeue();
            if (next.Written.Task.IsCompleted)
                continue;
            if (lines.Writer.TryWrite(next.Line))
            {
                held += Size(next.Line);
                next.Written.SetResult();
            }
            else
            {
                next.Written.SetException(new ChannelClosedException());
            }
        }
    }

    private static long Size(string line) => (long)line.Length * sizeof(char) + Overhead;
}

using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Odin.Cli.Progress;

/// <summary>Two streams of updates as one, each in its own order.</summary>
internal static class MergedUpdates
{
    private const int Ahead = 256;

    /// <summary>Ends when both have ended; fails as the first one that fails.</summary>
    public static async IAsyncEnumerable<RunUpdate> Of(
        IAsyncEnumerable<RunUpdate> first, IAsyncEnumerable<RunUpdate> second, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var merged = Channel.CreateBounded<RunUpdate>(Ahead);
        var copying = CopyBothAsync(first, second, merged.Writer, stop.Token);
        try
        {
            await foreach (var update in merged.Reader.ReadAllAsync(cancellationToken))
                yield return update;
        }
        finally
        {
            await stop.CancelAsync();
            await copying;
        }
    }

    private static async Task CopyBothAsync(
        IAsyncEnumerable<RunUpdate> first, IAsyncEnumerable<RunUpdate> second, ChannelWriter<RunUpdate> writer, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(CopyAsync(first, writer, cancellationToken), CopyAsync(second, writer, cancellationToken));
            writer.TryComplete();
        }
        catch (Exception e)
        {
            // The reader gets it.
            writer.TryComplete(e);
        }
    }

    private static async Task CopyAsync(IAsyncEnumerable<RunUpdate> updates, ChannelWriter<RunUpdate> writer, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var update in updates.WithCancellation(cancellationToken))
                await writer.WriteAsync(update, cancellationToken);
        }
        catch (Exception e)
        {
            // At once: the other stream may go on for long.
            writer.TryComplete(e);
            throw;
        }
    }
}

using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Odin.Feedback;

/// <summary>
/// Takes what the gateway has seen go by. A record is only put into a queue here; all work with it is somebody else's, later.
/// What does not fit into the memory set aside for it is dropped and counted: a prediction is never held up.
/// </summary>
public sealed class PayloadCapture(FeedbackOptions options)
{
    // Of what a record takes beside its texts.
    private const int Overhead = 512;

    private readonly ConcurrentQueue<QueuedExchange> queue = new();
    private volatile bool isClosed;

    /// <summary>Whether there is any use in calling <see cref="TryAdd"/>; where not, bodies need not be copied.</summary>
    public bool IsEnabled => options.CapturesPayloads;

    /// <summary>Bytes that are kept of each body; whoever copies it need not copy more, but say that there was more.</summary>
    public int BodyLimit => options.BodyLimit;

    /// <summary>What is held now, here and by those behind.</summary>
    internal MemoryBudget Budget { get; } = new(options.MaxMemory);

    /// <summary>
    /// Takes an exchange, whose bodies belong to the capture from now on. Never waits and never throws.
    /// </summary>
    /// <returns>False: dropped, and counted if capture is on.</returns>
    public bool TryAdd(CapturedExchange exchange)
    {
        if (!IsEnabled)
            return false;
        var size = SizeOf(exchange);
        if (isClosed)
            return Drop("stopped");
        if (!Budget.TryTake(size))
            return Drop(size > options.MaxMemory ? "size" : "memory");
        queue.Enqueue(new QueuedExchange(exchange, size));
        return true;
    }

    /// <summary>The oldest one that nobody has taken; its size is the taker's to give back.</summary>
    internal bool TryTake(out QueuedExchange exchange) => queue.TryDequeue(out exchange);

    /// <summary>How many nobody has taken.</summary>
    internal int Waiting => queue.Count;

    /// <summary>What comes from now on is dropped.</summary>
    internal void Close() => isClosed = true;

    private static bool Drop(string reason)
    {
        FeedbackMeters.PayloadDropped(1, reason);
        return false;
    }

    private static long SizeOf(CapturedExchange exchange)
    {
        long size = Overhead + SizeOf(exchange.Request) + SizeOf(exchange.Response) + (2 * exchange.Uri.Length);
        for (var i = 0; i < exchange.RequestHeaders.Count; i++)
            size += SizeOf(exchange.RequestHeaders[i]);
        for (var i = 0; i < exchange.ResponseHeaders.Count; i++)
            size += SizeOf(exchange.ResponseHeaders[i]);
        return size;
    }

    // Of a part, the whole array stays in memory.
    private static int SizeOf(CapturedBody body) => MemoryMarshal.TryGetArray(body.Bytes, out var part) && part.Array is { } whole ? whole.Length : body.Bytes.Length;

    private static int SizeOf(KeyValuePair<string, string> header) => 32 + (2 * (header.Key.Length + header.Value.Length));
}

/// <param name="Size">What it takes of the budget.</param>
internal readonly record struct QueuedExchange(CapturedExchange Exchange, long Size);

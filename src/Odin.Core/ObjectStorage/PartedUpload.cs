using System.Buffers;

namespace Odin.ObjectStorage;

/// <summary>Sends a stream in parts of one size, two at once: one is read while others are on their way.</summary>
internal sealed class PartedUpload(TransferLimits limits)
{
    // Each has a buffer of its own, so this bounds the memory as well.
    private const int AtOnce = 2;

    private readonly int partSize = limits.PartSize;

    /// <summary>Sends one part; its number counts from 1. The bytes are the caller's again when the task has ended.</summary>
    public delegate Task<T> Send<T>(int number, ArraySegment<byte> part, CancellationToken cancellationToken);

    /// <summary>
    /// Reads the first part and gives it to <paramref name="whole"/> if it is all, else every part to
    /// <paramref name="parts"/>, whose result stands for the object.
    /// </summary>
    public async Task<T> RunAsync<T>(
        Stream content,
        Func<ArraySegment<byte>, CancellationToken, Task<T>> whole,
        Func<PartSource, CancellationToken, Task<T>> parts,
        CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(partSize);
        var count = await FillAsync(content, buffer, cancellationToken);
        // A buffer goes back only after success: after a failure a socket may still be reading from it.
        if (count == partSize)
            return await parts(new PartSource(this, content, buffer), cancellationToken);
        var result = await whole(new ArraySegment<byte>(buffer, 0, count), cancellationToken);
        ArrayPool<byte>.Shared.Return(buffer);
        return result;
    }

    private async Task<int> FillAsync(Stream content, byte[] buffer, CancellationToken cancellationToken) =>
        await content.ReadAtLeastAsync(buffer.AsMemory(0, partSize), partSize, throwOnEndOfStream: false, cancellationToken);

    /// <summary>A stream whose first part is read already.</summary>
    public sealed class PartSource(PartedUpload upload, Stream content, byte[] first)
    {
        /// <summary>What <paramref name="send"/> gave for each part, in order.</summary>
        public async Task<T[]> SendAsync<T>(Send<T> send, CancellationToken cancellationToken)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            List<T?> results = [];
            List<Task<byte[]>> running = [];
            List<byte[]> buffers = [first];
            var (number, buffer, count) = (0, first, upload.partSize);
            try
            {
                while (count > 0)
                {
                    lock (results)
                        results.Add(default);
                    running.Add(SendOneAsync(++number, buffer, count));
                    if (buffers.Count < AtOnce)
                    {
                        buffer = ArrayPool<byte>.Shared.Rent(upload.partSize);
                        buffers.Add(buffer);
                    }
                    else
                    {
                        var ended = await Task.WhenAny(running);
                        running.Remove(ended);
                        buffer = await ended;
                    }
                    count = await upload.FillAsync(content, buffer, stop.Token);
                }
                await Task.WhenAll(running);
            }
            catch
            {
                await stop.CancelAsync();
                await ((Task)Task.WhenAll(running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }
            buffers.ForEach(b => ArrayPool<byte>.Shared.Return(b));
            return [.. results!];

            async Task<byte[]> SendOneAsync(int which, byte[] part, int length)
            {
                var result = await send(which, new ArraySegment<byte>(part, 0, length), stop.Token);
                lock (results)
                    results[which - 1] = result;
                return part;
            }
        }
    }
}

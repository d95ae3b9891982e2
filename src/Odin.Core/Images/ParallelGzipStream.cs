using System.Buffers;
using System.IO.Compression;
using Odin.Files;

namespace Odin.Images;

/// <summary>
/// Compresses with all processors: the content in chunks of a fixed length, each a gzip member of its own, as the format allows and
/// every reader takes. What does not become smaller, such as the numbers of most models, is stored as it is, which is many times
/// as fast. The same content gives the same bytes, however many processors there are.
/// </summary>
/// <param name="inner">Stays open.</param>
internal sealed class ParallelGzipStream(Stream inner) : WriteOnlyStream
{
    private const int ChunkSize = 1 << 20, SampleSize = 32 << 10;

    private static readonly int MostPending = Math.Clamp(Environment.ProcessorCount + 1, 2, 8);

    private readonly Queue<Task<ArraySegment<byte>>> pending = new();
    private byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
    private int filled;

    /// <summary>Ends the content; without it the last chunks are missing.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (filled > 0)
            await SendAsync(cancellationToken);
        while (pending.Count > 0)
            await WriteOldestAsync(cancellationToken);
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var count = Math.Min(buffer.Length, ChunkSize - filled);
            buffer[..count].CopyTo(chunk.AsMemory(filled));
            filled += count;
            buffer = buffer[count..];
            if (filled == ChunkSize)
                await SendAsync(cancellationToken);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            ArrayPool<byte>.Shared.Return(chunk);
        base.Dispose(disposing);
    }

    private static ArraySegment<byte> Compress(byte[] content, int length)
    {
        try
        {
            // From the middle: the beginning of a chunk is often the head of a file.
            var sample = content.AsMemory(Math.Max(0, (length - SampleSize) / 2), Math.Min(SampleSize, length));
            var packed = Pack(sample.Span, CompressionLevel.Fastest);
            var level = packed.Count > sample.Length * 0.95 ? CompressionLevel.NoCompression : CompressionLevel.Fastest;
            return length <= SampleSize && level == CompressionLevel.Fastest ? packed : Pack(content.AsSpan(0, length), level);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(content);
        }
    }

    private static ArraySegment<byte> Pack(ReadOnlySpan<byte> content, CompressionLevel level)
    {
        var result = new MemoryStream(content.Length + 1024);
        using (var gzip = new GZipStream(result, level, leaveOpen: true))
            gzip.Write(content);
        return new ArraySegment<byte>(result.GetBuffer(), 0, (int)result.Length);
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        if (pending.Count == MostPending)
            await WriteOldestAsync(cancellationToken);
        var (full, length) = (chunk, filled);
        (chunk, filled) = (ArrayPool<byte>.Shared.Rent(ChunkSize), 0);
        pending.Enqueue(Task.Run(() => Compress(full, length), cancellationToken));
    }

    private async Task WriteOldestAsync(CancellationToken cancellationToken) =>
        await inner.WriteAsync(await pending.Dequeue(), cancellationToken);
}

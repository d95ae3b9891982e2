using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Odin.Testing;

/// <summary>
/// A stream of made-up bytes that is not in memory, cannot seek and gives odd pieces. It may stop in the middle: to wait, or
/// to fail. It remembers the buffers that it was asked to fill.
/// </summary>
internal sealed class MadeContent(long length, int seed = 1) : Stream
{
    private readonly Dictionary<byte[], int> buffers = [];
    private readonly Random sizes = new(seed);
    private long position;

    /// <summary>Where <see cref="Hold"/> is called; by default nowhere.</summary>
    public long HoldAt { get; init; } = long.MaxValue;

    /// <summary>Waits, or throws.</summary>
    public Func<CancellationToken, Task> Hold { get; init; } = _ => Task.CompletedTask;

    /// <summary>The sum of what was asked for in each buffer, at most: what was held in memory of this stream.</summary>
    public long BufferBytes => buffers.Values.Sum(v => (long)v);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    /// <summary>Asserts that the stream holds exactly what this content gives.</summary>
    /// <param name="between">Called after each mebibyte.</param>
    public static async Task AssertSameAsync(long length, int seed, Stream actual, int piece = 100_000, Func<Task>? between = null)
    {
        using var expected = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var read = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[piece];
        long total = 0;
        while (await actual.ReadAsync(buffer) is > 0 and var count)
        {
            read.AppendData(buffer, 0, count);
            if (between is not null && (total + count) >> 20 > total >> 20)
                await between();
            total += count;
        }
        for (long at = 0; at < length; at += piece)
        {
            var span = buffer.AsSpan(0, (int)Math.Min(piece, length - at));
            Fill(span, at, seed);
            expected.AppendData(span);
        }
        Assert.Equal(length, total);
        Assert.Equal(expected.GetCurrentHash(), read.GetCurrentHash());
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (MemoryMarshal.TryGetArray<byte>(buffer, out var segment))
            buffers[segment.Array!] = Math.Max(buffers.GetValueOrDefault(segment.Array!), segment.Offset + segment.Count);
        if (position >= HoldAt)
            await Hold(cancellationToken);
        var count = (int)Math.Min(Math.Min(buffer.Length, sizes.Next(1, 300_000)), length - position);
        Fill(buffer.Span[..count], position, seed);
        position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Streams are read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // Differs from place to place, so that parts that change places or come twice are seen.
    private static void Fill(Span<byte> span, long from, int seed)
    {
        for (var i = 0; i < span.Length; i++)
        {
            var at = (ulong)(from + i);
            span[i] = (byte)((at * 0x9E3779B97F4A7C15UL + ((ulong)seed << 32)) >> 40);
        }
    }
}

using System.Buffers;
using Odin.Files;

namespace Odin.Feedback;

/// <summary>Lines that wait to become an object, in borrowed pieces of memory that are counted. For one user at a time.</summary>
/// <param name="budget">What the pieces are taken of.</param>
internal sealed class RecordBuffer(MemoryBudget budget) : IDisposable
{
    private const int SmallestPiece = 4 << 10, LargestPiece = 256 << 10;

    private readonly List<byte[]> pieces = [];
    private int room;

    /// <summary>In bytes.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (room == 0)
                AddPiece(bytes.Length);
            var last = pieces[^1];
            var count = Math.Min(room, bytes.Length);
            bytes[..count].CopyTo(last.AsSpan(last.Length - room));
            bytes = bytes[count..];
            room -= count;
            Length += count;
        }
    }

    /// <summary>Reads all of it from the beginning, as often as one likes.</summary>
    public Stream OpenRead() => new Reader(pieces, Length);

    public void Dispose()
    {
        foreach (var piece in pieces)
        {
            budget.Add(-piece.Length);
            ArrayPool<byte>.Shared.Return(piece);
        }
        pieces.Clear();
        (room, Length) = (0, 0);
    }

    // Small ones for models that nobody asks, large ones for those that everybody asks.
    private void AddPiece(int wanted)
    {
        var size = Math.Clamp(Math.Max(wanted, (int)Math.Min(Length, LargestPiece)), SmallestPiece, LargestPiece);
        var piece = ArrayPool<byte>.Shared.Rent(size);
        budget.Add(piece.Length);
        pieces.Add(piece);
        room = piece.Length;
    }

    private sealed class Reader(List<byte[]> pieces, long length) : ReadOnlyStream
    {
        private int piece, offset;
        private long left = length;

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (left == 0 || buffer.Length == 0)
                return 0;
            if (offset == pieces[piece].Length)
                (piece, offset) = (piece + 1, 0);
            var count = (int)Math.Min(Math.Min(buffer.Length, pieces[piece].Length - offset), left);
            pieces[piece].AsSpan(offset, count).CopyTo(buffer);
            offset += count;
            left -= count;
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));
    }
}

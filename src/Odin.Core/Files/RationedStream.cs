namespace Odin.Files;

/// <summary>
/// Reads another stream, which stays open, and throws when more is read at once than was allowed: a reader that keeps what
/// it reads in memory, because a file says how long that is, cannot be led to fill it.
/// </summary>
internal sealed class RationedStream(Stream inner) : ReadOnlyStream
{
    private long left = long.MaxValue;

    /// <summary>How much may be read from now on; null: as much as there is.</summary>
    public void Allow(long? bytes) => left = bytes ?? long.MaxValue;

    public override int Read(Span<byte> buffer) => Count(inner.Read(buffer));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, cancellationToken));

    private int Count(int read)
    {
        left -= read;
        return left >= 0 ? read : throw new InvalidDataException("the archive says more about one of its files than can be true");
    }
}

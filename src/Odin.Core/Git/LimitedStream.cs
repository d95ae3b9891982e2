using Odin.Files;

namespace Odin.Git;

/// <summary>The next so many bytes of another stream, which stays open. Read-only.</summary>
internal sealed class LimitedStream(Stream inner, long length) : ReadOnlyStream
{
    private long left = length;

    public override long Length { get; } = length;

    public override long Position
    {
        get => Length - left;
        set => throw new NotSupportedException();
    }

    public async Task SkipRestAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await ReadAsync(buffer, cancellationToken) > 0)
        {
            // Only to get past it.
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, (int)Math.Min(count, left));
        return Count(read, count);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
        return Count(read, buffer.Length);
    }

    private int Count(int read, int wanted)
    {
        if (read == 0 && wanted > 0 && left > 0)
            throw new EndOfStreamException("git ended in the middle of a file.");
        left -= read;
        return read;
    }
}

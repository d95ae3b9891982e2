using Microsoft.Win32.SafeHandles;
using Odin.Files;

namespace Odin.Images;

/// <summary>Reads an open file from a place to its end. Many may read the same file; it stays open.</summary>
internal sealed class FilePartStream(SafeFileHandle file, long offset) : ReadOnlyStream
{
    private long position = offset;

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var count = RandomAccess.Read(file, buffer, position);
        position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await RandomAccess.ReadAsync(file, buffer, position, cancellationToken);
        position += count;
        return count;
    }
}

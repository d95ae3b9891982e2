using System.Security.Cryptography;
using Odin.Files;
using Odin.ObjectStorage;

namespace Odin.Images;

/// <summary>Reads a blob and, at its end, throws unless it was what its digest says. What reading throws is an <see cref="ImageException"/>.</summary>
/// <param name="name">Of the repository, for messages.</param>
internal sealed class VerifiedStream(Stream inner, string digest, string name) : ReadOnlyStream
{
    private readonly IncrementalHash hash = ContentDigest.Begin(digest);
    private bool isChecked;
    private long position;

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var count = await inner.ReadAsync(buffer, cancellationToken);
            return Count(buffer.Span, count);
        }
        catch (ObjectStorageException e)
        {
            throw new ImageException(e.Message, e.IsPassing, e);
        }
        catch (IOException e)
        {
            throw Broken(e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return Count(buffer.AsSpan(offset, count), inner.Read(buffer, offset, count));
        }
        catch (ObjectStorageException e)
        {
            throw new ImageException(e.Message, e.IsPassing, e);
        }
        catch (IOException e)
        {
            throw Broken(e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            hash.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Count(ReadOnlySpan<byte> buffer, int count)
    {
        position += count;
        hash.AppendData(buffer[..count]);
        if (count > 0 || buffer.Length == 0 || isChecked)
            return count;
        isChecked = true;
        var actual = ContentDigest.End(hash);
        return actual == digest ? 0
            : throw new ImageException($"The blob '{digest}' in '{name}' is damaged: {position} bytes with the digest '{actual}' came.", isPassing: true);
    }

    private ImageException Broken(IOException error) => new($"The blob '{digest}' of '{name}' broke off: {error.GetBaseException().Message}", isPassing: true, error);
}

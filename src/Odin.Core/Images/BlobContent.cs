using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;

namespace Odin.Images;

/// <summary>The body of an upload: a stream of known length, copied in large pieces, that reports each.</summary>
internal sealed class BlobContent : HttpContent
{
    private readonly Stream stream;
    private readonly long length;
    private readonly Watch watch;

    public BlobContent(Stream stream, long offset, long size, bool isPart, Watch watch)
    {
        this.stream = stream;
        this.watch = watch;
        length = size - offset;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        Headers.ContentLength = length;
        // The specification's form has no unit and no total, which the typed header cannot say.
        if (isPart && length > 0)
            Headers.TryAddWithoutValidation("Content-Range", $"{offset}-{size - 1}");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream target, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(256 << 10);
        var left = length;
        while (left > 0)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
            if (count == 0)
                throw new ImageException("What is to be sent is shorter than it was said to be.", isPassing: true);
            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            left -= count;
            watch.Moved();
        }
        // To its end: that is where the content of another repository is checked.
        if (await stream.ReadAsync(buffer.AsMemory(0, 1), cancellationToken) > 0)
            throw new ImageException("What is to be sent is longer than it was said to be.", isPassing: true);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = this.length;
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stream.Dispose();
        base.Dispose(disposing);
    }
}

using System.Buffers;

namespace Odin.Predictor.Requests;

/// <summary>Reads a whole body, before the request takes any place: a slow client holds nothing but its own connection.</summary>
internal static class RequestBody
{
    private const int FirstBuffer = 1 << 16;

    // Of a body that is too large this much is read and thrown away, so that the client gets its answer instead of a broken connection.
    private const long MostThrownAway = 256L << 20;
    private static readonly TimeSpan ThrowingLimit = TimeSpan.FromSeconds(10);

    /// <summary>Null when it is larger than the limit.</summary>
    /// <exception cref="BadHttpRequestException">The client sends too slowly, or something that is no HTTP.</exception>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            await ThrowAwayAsync(request, cancellationToken);
            return null;
        }
        // Grows with what comes, not with what is announced.
        var buffer = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? FirstBuffer, 256, FirstBuffer));
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            foreach (var part in read.Buffer)
                buffer.Write(part.Span);
            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (buffer.WrittenCount > limit)
            {
                await ThrowAwayAsync(request, cancellationToken);
                return null;
            }
            if (read.IsCompleted)
                return buffer.WrittenMemory;
        }
    }

    private static async Task ThrowAwayAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ThrowingLimit);
        try
        {
            for (var rest = MostThrownAway; rest > 0;)
            {
                var read = await request.BodyReader.ReadAsync(limit.Token);
                rest -= read.Buffer.Length;
                request.BodyReader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It gets its answer now, whether it reads it or not.
        }
    }
}

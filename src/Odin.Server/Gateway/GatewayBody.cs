using System.Net;

namespace Odin.Server.Gateway;

/// <summary>
/// The body of a request on its way through. A short one is read before a replica is chosen: a slow client then holds up nobody,
/// and the request can be sent again. Of a long one the beginning is kept, for the capture; the rest goes through piece by piece.
/// </summary>
internal sealed class GatewayBody
{
    private const int PieceBytes = 64 << 10;

    private readonly HttpRequest request;
    private readonly long limit;
    private long read;

    private GatewayBody(HttpRequest request, ReadOnlyMemory<byte> head, bool isWhole, long limit)
    {
        (this.request, Head, IsWhole, this.limit) = (request, head, isWhole, limit);
        read = head.Length;
    }

    /// <summary>The beginning, or all of it.</summary>
    public ReadOnlyMemory<byte> Head { get; }

    /// <summary>Nothing more comes.</summary>
    public bool IsWhole { get; }

    /// <summary>Whether it can be sent (again).</summary>
    public bool CanSend { get; private set; } = true;

    /// <summary>It was longer than it may be.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Null: there is none.</summary>
    public HttpContent? Content => IsWhole && Head.Length == 0 && request.ContentLength is null or 0 ? null : IsWhole ? new ReadOnlyMemoryContent(Head) : new Rest(this);

    /// <summary>Reads the beginning.</summary>
    /// <param name="buffered">How much is kept.</param>
    /// <param name="limit">How long it may be.</param>
    /// <exception cref="BadHttpRequestException">The client is too slow, or breaks off.</exception>
    public static async Task<GatewayBody> ReadAsync(HttpRequest request, int buffered, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength is 0 || (request.ContentLength is null && !request.Headers.ContainsKey("Transfer-Encoding") && HttpProtocol.IsHttp11(request.Protocol)))
            return new GatewayBody(request, ReadOnlyMemory<byte>.Empty, isWhole: true, limit);
        if (request.ContentLength > limit)
            return new GatewayBody(request, ReadOnlyMemory<byte>.Empty, isWhole: false, limit) { IsTooLong = true };
        var isWhole = request.ContentLength <= buffered;
        var buffer = GC.AllocateUninitializedArray<byte>(isWhole ? (int)request.ContentLength!.Value : Math.Min(buffered, 16 << 10));
        var count = 0;
        while (count < buffered)
        {
            if (count == buffer.Length)
            {
                if (isWhole)
                    break;
                Array.Resize(ref buffer, Math.Min(buffered, buffer.Length * 4));
            }
            var piece = await request.Body.ReadAsync(buffer.AsMemory(count), cancellationToken);
            if (piece == 0)
            {
                isWhole = true;
                break;
            }
            count += piece;
        }
        return new GatewayBody(request, buffer.AsMemory(0, count), isWhole, limit) { IsTooLong = count > limit };
    }

    private sealed class Rest : HttpContent
    {
        private readonly GatewayBody body;

        public Rest(GatewayBody body)
        {
            this.body = body;
            if (body.request.ContentLength is { } length)
                Headers.ContentLength = length;
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream target, TransportContext? context, CancellationToken cancellationToken)
        {
            body.CanSend = false;
            await target.WriteAsync(body.Head, cancellationToken);
            var buffer = GC.AllocateUninitializedArray<byte>(PieceBytes);
            while (await body.request.Body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                body.read += count;
                if (body.read > body.limit)
                {
                    body.IsTooLong = true;
                    throw new IOException("The body is too long.");
                }
                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                // A model may answer while its client still sends.
                await target.FlushAsync(cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.request.ContentLength ?? 0;
            return body.request.ContentLength is not null;
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json.Serialization.Metadata;

namespace Odin.Kubernetes.Api;

/// <summary>An open watch, read line by line. Ends at the latest at its deadline, which is past the server's own.</summary>
internal sealed class WatchConnection<T> : IAsyncDisposable
    where T : KubernetesObject
{
    // Lines are whole objects; small buffers would look for the end of a line again and again.
    private static readonly StreamPipeReaderOptions Buffers = new(bufferSize: 64 * 1024);

    private readonly HttpResponseMessage response;
    private readonly PipeReader reader;
    private readonly JsonTypeInfo<T> typeInfo;
    private readonly CancellationTokenSource deadline;
    private readonly CancellationTokenSource either;

    private WatchConnection(HttpResponseMessage response, Stream stream, JsonTypeInfo<T> typeInfo, CancellationTokenSource deadline, CancellationToken cancellationToken)
    {
        this.response = response;
        reader = PipeReader.Create(stream, Buffers);
        this.typeInfo = typeInfo;
        this.deadline = deadline;
        either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
    }

    public static async Task<WatchConnection<T>> OpenAsync(
        HttpResponseMessage response, JsonTypeInfo<T> typeInfo, CancellationTokenSource deadline, CancellationToken cancellationToken) =>
        new(response, await response.Content.ReadAsStreamAsync(cancellationToken), typeInfo, deadline, cancellationToken);

    /// <summary>The next line; null at the end.</summary>
    /// <exception cref="IOException">The connection broke, or is past its deadline.</exception>
    public async Task<WatchLine<T>?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(either.Token);
                var buffer = result.Buffer;
                if (buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = WatchLine<T>.Parse(buffer.Slice(0, end), typeInfo);
                    reader.AdvanceTo(buffer.GetPosition(1, end));
                    return line;
                }
                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                    return null;
            }
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("the watch went on past its end, so its connection is dead", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The stream first: a read that is still pending ends with it.
        response.Dispose();
        await reader.CompleteAsync();
        either.Dispose();
        deadline.Dispose();
    }
}

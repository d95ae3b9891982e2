using System.Text.Json;
using Odin.Connections;
using Odin.ObjectStorage;

namespace Odin.Feedback;

/// <summary>
/// The answers to the requests of one object. Ours lie line by line beside the requests, so that nothing need be remembered;
/// those of the inherited system do not, and are put into memory, as many as there are in one object.
/// </summary>
/// <param name="key">Of the object of answers, which need not be there.</param>
internal sealed class AnswerLines(OpenedStorage opened, string key) : IAsyncDisposable
{
    private IAsyncEnumerator<ReadOnlyMemory<byte>>? lines;
    private Dictionary<string, byte[]>? all;
    private int next;
    private bool isMissing;

    /// <param name="number">Of the line of the request, from 0; larger than the one before.</param>
    /// <returns>Null: there is none.</returns>
    public async Task<JsonElement?> FindAsync(int number, string requestId, CancellationToken cancellationToken)
    {
        if (isMissing)
            return null;
        try
        {
            if (all is null && await ReadAsync(number, cancellationToken) is { } line && RecordLines.PeekRequestId(line.Span) == requestId)
                return RecordLines.Parse(line);
            all ??= await ReadAllAsync(cancellationToken);
            return all.TryGetValue(requestId, out var found) ? RecordLines.Parse(found) : null;
        }
        catch (ObjectNotFoundException)
        {
            isMissing = true;
            return null;
        }
    }

    public ValueTask DisposeAsync() => lines?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<ReadOnlyMemory<byte>?> ReadAsync(int number, CancellationToken cancellationToken)
    {
        lines ??= RecordLines.ReadAsync(opened, key, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await lines.MoveNextAsync())
        {
            if (next++ == number)
                return lines.Current;
        }
        return null;
    }

    private async Task<Dictionary<string, byte[]>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await foreach (var line in RecordLines.ReadAsync(opened, key, cancellationToken))
        {
            if (RecordLines.Parse(line) is { } record)
                found[RecordLines.RequestIdOf(record)] = line.ToArray();
        }
        return found;
    }
}

using System.Runtime.CompilerServices;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>Reads logs of what is not ours, straight from where it lives, in the layout of spec 3.6.</summary>
public sealed class LiveLogs(IEnumerable<ILiveResources> places)
{
    private const int BufferSize = 32 * 1024;

    /// <summary>
    /// Text in pieces. Of several pods a snapshot has all, one block each; when following, their names and then the lines of
    /// the first. Null: there is no such thing.
    /// </summary>
    /// <param name="id"><c>svc/NAME</c>, <c>deploy/NAME</c> or the name of a pod.</param>
    /// <param name="asBlocks">Also a single pod's log gets its heading.</param>
    /// <exception cref="ExecutorUnavailableException">The back end cannot be asked.</exception>
    /// <exception cref="ExecutorRefusedException">It says no.</exception>
    internal async Task<IAsyncEnumerable<string>?> FindAsync(string id, LogRequest request, bool asBlocks, CancellationToken cancellationToken)
    {
        if (LiveResource.Parse(id) is not { } resource)
            return null;
        foreach (var place in places)
        {
            if (await place.FindPodsAsync(resource, cancellationToken) is not { } pods)
                continue;
            if (pods is not [var first, ..])
                return SayAsync($"[odin] {id} has no pods at the moment\n");
            // What is wrong with the request is said now, not in the middle of the answer.
            await using (await place.OpenLogAsync(first, new LiveLogQuery(request.Container, 0, Follow: false), cancellationToken))
            {
            }
            return request.Follow ? FollowAsync(place, pods, request, cancellationToken) : SnapshotAsync(place, pods, request, asBlocks, cancellationToken);
        }
        return null;
    }

    private static async IAsyncEnumerable<string> SayAsync(string text)
    {
        await Task.CompletedTask;
        yield return text;
    }

    private static async IAsyncEnumerable<string> SnapshotAsync(
        ILiveResources place, IReadOnlyList<string> pods, LogRequest request, bool asBlocks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (pods.Count > 1)
            yield return PodList.Heading(pods);
        foreach (var pod in pods)
        {
            if (asBlocks || pods.Count > 1)
                yield return PodList.BlockHeading(pod);
            await foreach (var line in LinesAsync(place, pod, request, cancellationToken))
                yield return line;
        }
    }

    private static async IAsyncEnumerable<string> FollowAsync(
        ILiveResources place, IReadOnlyList<string> pods, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (pods.Count > 1)
        {
            yield return $"Found {pods.Count} pods,\n";
            foreach (var pod in pods)
                yield return pod + "\n";
            yield return $"Using pod/{pods[0]}\n";
        }
        await foreach (var line in LinesAsync(place, pods[0], request, cancellationToken))
            yield return line;
    }

    private static async IAsyncEnumerable<string> LinesAsync(
        ILiveResources place, string pod, LogRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var splitter = new LogLineSplitter();
        var buffer = new byte[BufferSize];
        Stream? stream = null;
        try
        {
            var read = 0;
            do
            {
                string? trouble = null;
                try
                {
                    stream ??= await place.OpenLogAsync(pod, new LiveLogQuery(request.Container, request.Lines, request.Follow), cancellationToken);
                    read = await stream.ReadAsync(buffer, cancellationToken);
                }
                catch (Exception e) when (e is ExecutorUnavailableException or ExecutorRefusedException or IOException)
                {
                    // The answer has begun; others may follow this one.
                    trouble = $"[odin] the log of pod '{pod}' cannot be read (any further): {e.Message}\n";
                }
                if (trouble is not null)
                {
                    yield return trouble;
                    break;
                }
                foreach (var line in splitter.Add(buffer.AsSpan(0, read)))
                    yield return line + "\n";
            }
            while (read > 0);
            if (splitter.Finish() is { } last)
                yield return last + "\n";
        }
        finally
        {
            if (stream is not null)
                await stream.DisposeAsync();
        }
    }
}

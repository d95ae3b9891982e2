using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes;

/// <summary>
/// Copies the log of one pod into the log store while the pod lives. After a lost connection, and after a restart of ours, it
/// goes on where the store ends, so that nothing is there twice.
/// </summary>
internal sealed partial class PodLog(KubernetesClient client, LogStore logs, LogKey key, Pod pod, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200), LongestDelay = TimeSpan.FromSeconds(5), EndPatience = TimeSpan.FromSeconds(20);

    /// <summary>Called whenever something was read.</summary>
    public Action Progressed { get; init; } = static () => { };

    /// <summary>Copies until the program has ended and everything was read, or the pod is gone.</summary>
    /// <param name="ended">Completes when the program is known to have ended.</param>
    public async Task CopyAsync(Task ended, CancellationToken cancellationToken)
    {
        var delay = FirstDelay;
        // One that says nothing is shown too.
        if (key.Part is not null)
            await logs.AppendAsync(key, ReadOnlyMemory<byte>.Empty, cancellationToken);
        while (true)
        {
            // Asked before the reading: an end of the log after the end of the program is the end of everything.
            var isOver = ended.IsCompleted;
            try
            {
                var isThere = await CopyOnceAsync(ended, cancellationToken);
                if (isOver || (!isThere && ended.IsCompleted))
                    return;
                // The news of the program's end is on its way, later than its last line.
                await Task.WhenAny(ended, Task.Delay(EndPatience, time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
                delay = FirstDelay;
                continue;
            }
            catch (KubernetesException e) when (e.IsNotFound || (isOver && e.StatusCode == HttpStatusCode.BadRequest))
            {
                // The pod or its container is gone.
                return;
            }
            catch (Exception e) when (e is KubernetesException or KubernetesUnavailableException or IOException or HttpRequestException)
            {
                LogInterrupted(key, e.Message);
            }
            await Task.Delay(delay, time, cancellationToken);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    // To the end of the stream. False: the node has no log of it any more.
    private async Task<bool> CopyOnceAsync(Task ended, CancellationToken cancellationToken)
    {
        var resume = await LogResume.PrepareAsync(logs.PathOf(key), cancellationToken);
        if (!resume.IsStart && !await resume.FitsAsync(() => OpenAsync(follow: false, cancellationToken), cancellationToken))
        {
            if (resume.IsGone || resume.IsShort || !await IsStillThereAsync(cancellationToken))
                return false;
            await logs.AppendAsync(key, "[odin: a part of the log is missing here: the node had thrown it away before it could be read]\n"u8.ToArray(), cancellationToken);
            resume = LogResume.Start;
        }
        await using var stream = await OpenAsync(follow: true, cancellationToken);
        // Asked after the opening: what was opened then is of this pod.
        if (!resume.IsStart && !await IsStillThereAsync(cancellationToken))
            return false;
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            // What is no output if it is the last that comes.
            byte[] held = [];
            for (var isFirst = true; ; isFirst = false)
            {
                var read = await stream.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    // The node says no such thing of a container that it still has: these are the program's own words.
                    if (held.Length > 0 && await HasLogAsync(cancellationToken))
                    {
                        await AppendAsync(held);
                        held = [];
                    }
                    return held.Length == 0;
                }
                Progressed();
                if (isFirst && resume.IsExcuse(buffer.AsSpan(0, read)) && (!resume.IsStart || ended.IsCompleted) && !await HasLogAsync(cancellationToken))
                    return false;
                await AppendAsync(held);
                var end = NodeExcuse.FindBehind(buffer.AsSpan(0, read));
                held = end < 0 ? [] : buffer[end..read];
                await AppendAsync(buffer.AsMemory(0, read - held.Length));
            }

            async Task AppendAsync(ReadOnlyMemory<byte> bytes)
            {
                var fresh = resume.Skip(bytes);
                if (fresh.Length > 0)
                    await logs.AppendAsync(key, fresh, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // With times before the lines, those of a program are told from those of the node.
    private async Task<bool> HasLogAsync(CancellationToken cancellationToken)
    {
        await using var stream = await client.OpenLogAsync(Query with { Timestamps = true, TailLines = 1 }, cancellationToken);
        var start = new byte[5];
        return await stream.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken) == start.Length
            && start.AsSpan(0, 4).IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && start[4] == '-';
    }

    // Operators make a pod of the same name in the place of one that is lost, and logs are asked for by name.
    private async Task<bool> IsStillThereAsync(CancellationToken cancellationToken) =>
        key.Part is null
        || (await client.FindAsync(KubernetesResources.Pods, pod.Metadata.Namespace, pod.Metadata.Name, cancellationToken))?.Metadata.Uid == pod.Metadata.Uid;

    private PodLogQuery Query => new() { Namespace = pod.Metadata.Namespace!, Pod = pod.Metadata.Name, Container = pod.Spec.Containers[0].Name };

    private Task<Stream> OpenAsync(bool follow, CancellationToken cancellationToken) => client.OpenLogAsync(Query with { Follow = follow }, cancellationToken);

    [LoggerMessage(Level = LogLevel.Information, Message = "The log of {Execution} was interrupted and is taken up again: {Reason}")]
    private partial void LogInterrupted(LogKey execution, string reason);
}

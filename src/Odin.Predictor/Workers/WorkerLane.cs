using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text.Json;
using Odin.Predictor.Calls;
using Odin.Predictor.Metrics;
using Odin.Predictor.Models;

namespace Odin.Predictor.Workers;

/// <summary>One thread of a worker: takes batches, asks, hands the answers out.</summary>
internal sealed class WorkerLane(WorkerProcess worker, WorkerConnection connection, CallQueue queue, PredictorMetrics metrics, TimeProvider time)
{
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Whoever takes it out gives the outcome: the lane, or the watch when the time is over.
    private Running? current;

    /// <summary>Completes when the lane takes no more and nothing of it is worth waiting for.</summary>
    public Task Idle => idle.Task;

    public async Task RunAsync()
    {
        try
        {
            while (await queue.TakeAsync(worker.Taker) is { } batch)
            {
                var started = time.GetTimestamp();
                var running = new Running(batch, Limit(batch, started));
                Interlocked.Exchange(ref current, running);
                var answer = await AskAsync(batch);
                var duration = time.GetElapsedTime(started);
                queue.Done(worker.Taker, duration);
                if (Interlocked.CompareExchange(ref current, null, running) != running)
                    break;
                metrics.CountBatch(batch.Rows, batch.Calls.Count, duration);
                if (answer is var (letter, content))
                {
                    Finish(batch, letter, content);
                    continue;
                }
                await LoseAsync(batch);
                break;
            }
        }
        finally
        {
            idle.TrySetResult();
        }
    }

    /// <summary>Ends what has run for too long. True when there was such a batch: its thread is lost.</summary>
    public bool Expire(long now)
    {
        if (Volatile.Read(ref current) is not { } running || running.Limit > now || Interlocked.CompareExchange(ref current, null, running) != running)
            return false;
        idle.TrySetResult();
        if (running.Batch.Calls is [var call])
            call.Complete(new TimedOut(WasRunning: true));
        else
            Rerun(running.Batch);
        return true;
    }

    public void Close() => connection.Dispose();

    // A batch has half of the time, so that what of it does not hang can be run again.
    private static long Limit(CallBatch batch, long started)
    {
        var deadline = batch.Calls.Min(c => c.Deadline);
        return batch.Calls.Count == 1 ? deadline : started + Math.Max(0, (deadline - started) / 2);
    }

    private async Task<(byte Letter, ReadOnlyMemory<byte> Content)?> AskAsync(CallBatch batch)
    {
        try
        {
            await connection.SendAsync(WorkerConnection.Call, batch.Write, CancellationToken.None);
            return await connection.ReceiveAsync(isAlone: true, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidDataException)
        {
            return null;
        }
    }

    private void Finish(CallBatch batch, byte letter, ReadOnlyMemory<byte> content)
    {
        if (letter == WorkerConnection.Prediction)
        {
            var rows = BinaryPrimitives.ReadInt32LittleEndian(content.Span);
            var length = BinaryPrimitives.ReadInt32LittleEndian(content.Span[4..]);
            if (rows == batch.Rows || batch.Calls.Count == 1)
                Split(batch, content.Slice(8, length), content[(8 + length)..]);
            else
            {
                worker.WarnOfRows(batch.Rows, rows);
                Rerun(batch);
            }
            return;
        }
        var complaint = JsonSerializer.Deserialize(content.Span, WorkerJson.Default.WorkerComplaint)!;
        if (batch.Calls.Count == 1)
            batch.Fail(new ModelFailed(complaint.Message, complaint.Input));
        else
            Rerun(batch);
    }

    private void Split(CallBatch batch, ReadOnlyMemory<byte> rows, ReadOnlyMemory<byte> columns)
    {
        try
        {
            batch.Split(rows, columns);
        }
        catch (JsonException)
        {
            // The model writes its values by a class of its own, and not as JSON.
            Rerun(batch);
        }
    }

    private async Task LoseAsync(CallBatch batch)
    {
        var end = await worker.EndAsync();
        if (batch.Calls.Count == 1)
            batch.Fail(new WorkerLost(end));
        else
            Rerun(batch);
    }

    private void Rerun(CallBatch batch)
    {
        metrics.CountRerun();
        queue.RunSingly(batch);
    }

    private sealed record Running(CallBatch Batch, long Limit);
}

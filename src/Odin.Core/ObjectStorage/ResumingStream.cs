using System.Globalization;
using Odin.Files;

namespace Odin.ObjectStorage;

/// <param name="Content">From the asked place to the end.</param>
/// <param name="Length">Of the whole object.</param>
internal sealed record OpenedObject(Stream Content, long Length, string? ETag);

/// <summary>Opens an object for reading.</summary>
/// <param name="offset">Where to begin.</param>
/// <param name="etag">What it must still have, else the call fails; null: anything, at the first time.</param>
internal delegate Task<OpenedObject> ObjectOpener(long offset, string? etag, CancellationToken cancellationToken);

/// <summary>
/// Reads an object over the network and, when the connection breaks or brings nothing for too long, goes on from there over
/// another one. Reading without a task blocks; libraries for archives do that.
/// </summary>
internal sealed class ResumingStream : ReadOnlyStream
{
    private readonly string name;
    private readonly ObjectOpener open;
    private readonly TransferLimits limits;
    private readonly RetriedCalls calls;
    private OpenedObject current;
    private long position, lastResume;
    private int resumes;

    private ResumingStream(string name, ObjectOpener open, TransferLimits limits, RetriedCalls calls, OpenedObject current)
    {
        this.name = name;
        this.open = open;
        this.limits = limits;
        this.calls = calls;
        this.current = current;
    }

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException();
    }

    /// <param name="key">The object's.</param>
    /// <param name="description">The storage's.</param>
    public static async Task<Stream> OpenAsync(
        string key, string description, ObjectOpener open, TransferLimits limits, CancellationToken cancellationToken) =>
        new ResumingStream($"'{key}' in {description}", open, limits, new RetriedCalls(description, limits), await open(0, null, cancellationToken));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var wanted = (int)Math.Min(buffer.Length, current.Length - position);
            if (wanted == 0)
                return 0;
            Exception? trouble = null;
            try
            {
                var count = await calls.RunOnceAsync(token => current.Content.ReadAsync(buffer[..wanted], token).AsTask(), cancellationToken);
                position += count;
                if (count > 0)
                    return count;
            }
            // Whatever it is: a library between us and the socket has exceptions of its own.
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                trouble = e;
            }
            await ResumeAsync(trouble, cancellationToken);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            current.Content.Dispose();
        base.Dispose(disposing);
    }

    private async Task ResumeAsync(Exception? trouble, CancellationToken cancellationToken)
    {
        if (position - lastResume >= limits.PartSize)
            resumes = 0;
        lastResume = position;
        if (++resumes > limits.Resumes || current.ETag is null)
        {
            throw new ObjectStorageException(string.Create(CultureInfo.InvariantCulture,
                $"{name} broke off after {position} of {current.Length} bytes{(trouble is null ? "" : $": {trouble.Message}")}"), isPassing: true, trouble);
        }
        current.Content.Dispose();
        await Task.Delay(calls.DelayAfter(resumes, null), limits.Time, cancellationToken);
        var next = await ReopenAsync(cancellationToken);
        if (next.Length != current.Length || next.ETag != current.ETag)
        {
            next.Content.Dispose();
            throw Changed(null);
        }
        current = next;
    }

    private async Task<OpenedObject> ReopenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await open(position, current.ETag, cancellationToken);
        }
        catch (Exception e) when (e is ObjectNotFoundException or ObjectChangedException)
        {
            throw Changed(e);
        }
    }

    private ObjectStorageException Changed(Exception? inner) =>
        new($"{name} was replaced or deleted while it was read; read it again.", isPassing: true, inner);
}

/// <summary>The object is no longer the one that was asked for.</summary>
internal sealed class ObjectChangedException() : Exception("The object was replaced.");

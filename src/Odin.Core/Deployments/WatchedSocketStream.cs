using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Odin.Deployments;

/// <summary>
/// The stream of a connected socket. Whoever waits for it goes on on the thread of a <see cref="SocketWatcher"/>, unless its owner
/// decides otherwise. One may read while another one writes.
/// </summary>
public sealed class WatchedSocketStream : Stream
{
    private const int MostTakenAtEnd = 1 << 20;

    private readonly Lock gate = new();
    private readonly Socket socket;
    private readonly ISocketOwner? owner;
    private readonly int descriptor;
    private readonly SocketWatcher watcher = SocketWatcher.Next();
    private readonly PendingOperation reading, writing;
    private readonly long token;
    private Memory<byte> room;
    private ReadOnlyMemory<byte> left;
    private bool isEnding, hasEnded, isClosed;

    /// <param name="socket">Connected; it is closed with the stream. Nothing else may be done with it: .NET would watch it too.</param>
    /// <param name="owner">
    /// Null: what waits goes on on the watcher's thread, and nobody is told of the end. With an owner, what can be sent no longer is
    /// thrown away, and the end is told.
    /// </param>
    /// <exception cref="IOException">The system refuses to watch it.</exception>
    public WatchedSocketStream(Socket socket, ISocketOwner? owner = null)
    {
        (this.socket, this.owner) = (socket, owner);
        (reading, writing) = (new PendingOperation(gate, EndRead), new PendingOperation(gate, EndWrite));
        socket.Blocking = false;
        descriptor = (int)socket.Handle;
        token = watcher.Watch(this, descriptor);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Bytes that are there; 0: the other end will send no more. An empty buffer waits until there is something to read.</summary>
    /// <exception cref="IOException">The connection is broken, or the stream was closed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The stream is closed.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            ThrowIfClosed();
            var mayGoOn = SocketWatcher.MayGoOn();
            if (mayGoOn && TryRead(buffer, out var count, out var error))
            {
                TellEnd();
                return error is null ? new ValueTask<int>(count) : ValueTask.FromException<int>(error);
            }
            var result = reading.Begin(cancellationToken);
            room = buffer;
            if (!mayGoOn)
                watcher.Watch(descriptor, token, writing.IsPending);
            return new ValueTask<int>(reading, result);
        }
    }

    /// <exception cref="IOException">The connection is broken, or the stream was closed meanwhile.</exception>
    /// <exception cref="ObjectDisposedException">The stream is closed.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            if (owner is not null && isClosed)
                return ValueTask.CompletedTask;
            ThrowIfClosed();
            if (SocketWatcher.MayGoOn() && TryWrite(ref buffer, out var error))
                return Tolerate(error) is { } failure ? ValueTask.FromException(failure) : ValueTask.CompletedTask;
            var result = writing.Begin(cancellationToken);
            left = buffer;
            watcher.Watch(descriptor, token, writes: true);
            return new ValueTask(writing, result);
        }
    }

    /// <summary>More may be read or written than before.</summary>
    /// <param name="ends">The other end sends no more.</param>
    /// <param name="isGone">It is not there any more: there is nothing to answer.</param>
    internal void GoOn(bool ends, bool isGone)
    {
        var count = 0;
        Exception? readError = null, writeError = null;
        bool hasRead, hasWritten;
        Memory<byte> read;
        lock (gate)
        {
            if (isClosed)
                return;
            read = room;
            hasRead = reading.IsPending && TryRead(room, out count, out readError) && EndRead();
            hasWritten = writing.IsPending && TryWrite(ref left, out writeError) && EndWrite();
            isEnding |= ends;
            writeError = Tolerate(writeError);
            if (isGone)
                TellOwner();
            else
                TellEnd();
        }
        if (hasWritten)
            writing.Complete(0, writeError, isHere: owner is null);
        if (hasRead)
            reading.Complete(count, readError, isHere: owner?.GoesOnHere(read.Span[..Math.Min(count, read.Length)]) ?? true);
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>For the little that somebody leaves behind who ends: it does not wait.</summary>
    /// <exception cref="IOException">There is no room for it now, or the connection is broken.</exception>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ReadOnlyMemory<byte> rest = buffer.AsMemory(offset, count);
        lock (gate)
        {
            if (owner is not null && isClosed)
                return;
            ThrowIfClosed();
            if (writing.IsPending || !TryWrite(ref rest, out var error))
                error = new IOException("The other end does not take what is sent.");
            if (Tolerate(error) is { } failure)
                throw failure;
        }
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Breaks the connection off, so that what was sent does not look whole.</summary>
    public void Abort() => CloseSocket(breaksOff: true);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            CloseSocket(breaksOff: false);
        base.Dispose(disposing);
    }

    private void CloseSocket(bool breaksOff)
    {
        bool isReading, isWriting;
        lock (gate)
        {
            if (isClosed)
                return;
            isClosed = true;
            (isReading, isWriting) = (EndRead(), EndWrite());
            watcher.Forget(descriptor, token);
            if (breaksOff)
                socket.Close(0);
            else if (owner is not null)
                End();
            socket.Dispose();
        }
        if (isReading)
            reading.Complete(0, ErrorOf(SocketError.OperationAborted));
        if (isWriting)
            writing.Complete(0, owner is null ? ErrorOf(SocketError.OperationAborted) : null, isHere: false);
    }

    // Where bytes are left unread the system ends by a reset, which may overtake the answer.
    private void End()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
            Span<byte> rest = stackalloc byte[4096];
            for (var taken = 0; taken < MostTakenAtEnd && socket.Receive(rest, SocketFlags.None, out _) is > 0 and var count;)
                taken += count;
        }
        catch (SocketException)
        {
            // It is gone already.
        }
    }

    // Kestrel takes a connection that is aborted for broken, and anything else for a mistake.
    private void ThrowIfClosed()
    {
        if (isClosed && owner is not null)
            throw ErrorOf(SocketError.OperationAborted)!;
        ObjectDisposedException.ThrowIf(isClosed, this);
    }

    // Under the gate. An owner is told by the end that nobody takes what is sent; writing never fails, as Kestrel expects it.
    private Exception? Tolerate(Exception? error)
    {
        if (error is null || owner is null)
            return error;
        TellOwner();
        return null;
    }

    // Under the gate. What has come before the end is read first: it may be asked for yet.
    private void TellEnd()
    {
        if (!isEnding || hasEnded || owner is null)
            return;
        Span<byte> first = stackalloc byte[1];
        if (socket.Receive(first, SocketFlags.Peek, out _) == 0)
            TellOwner();
    }

    private void TellOwner()
    {
        if (hasEnded || owner is null)
            return;
        hasEnded = true;
        ThreadPool.UnsafeQueueUserWorkItem(static owner => owner.End(), owner, preferLocal: false);
    }

    // What is over keeps no buffer.
    private bool EndRead()
    {
        room = default;
        return reading.TryEnd();
    }

    private bool EndWrite()
    {
        left = default;
        if (!writing.TryEnd())
            return false;
        watcher.Watch(descriptor, token, writes: false);
        return true;
    }

    // False: nothing is there yet.
    private bool TryRead(Memory<byte> buffer, out int count, out Exception? error)
    {
        SocketError code;
        if (buffer.Length > 0)
        {
            count = socket.Receive(buffer.Span, SocketFlags.None, out code);
        }
        else
        {
            Span<byte> first = stackalloc byte[1];
            _ = socket.Receive(first, SocketFlags.Peek, out code);
            count = 0;
        }
        error = ErrorOf(code);
        return code is not SocketError.WouldBlock;
    }

    // False: no room for the rest yet.
    private bool TryWrite(ref ReadOnlyMemory<byte> buffer, out Exception? error)
    {
        error = null;
        while (buffer.Length > 0 && error is null)
        {
            var count = socket.Send(buffer.Span, SocketFlags.None, out var code);
            if (code is SocketError.WouldBlock)
                return false;
            error = ErrorOf(code);
            buffer = buffer[count..];
        }
        return true;
    }

    // As NetworkStream has it.
    private static IOException? ErrorOf(SocketError code)
    {
        if (code is SocketError.Success or SocketError.WouldBlock)
            return null;
        var inner = new SocketException((int)code);
        return new IOException($"The connection is broken: {inner.Message}", inner);
    }

    /// <summary>
    /// A read or a write that waits. What waits for it goes on right where it is completed if bytes have moved; an end of any other
    /// kind is a matter for the pool: many may end together, and whoever closes or cancels is not to do their work.
    /// </summary>
    /// <param name="gate">Held by whoever begins or ends it, and never by whoever completes it.</param>
    /// <param name="end">Ends it, under the gate; false: somebody else has done so.</param>
    private sealed class PendingOperation(Lock gate, Func<bool> end) : IValueTaskSource<int>, IValueTaskSource, IThreadPoolWorkItem
    {
        private ManualResetValueTaskSourceCore<int> core;
        private CancellationTokenRegistration registration;
        private CancellationToken cancellation;
        private Exception? failure;
        private int result;
        private bool isBusy;

        public bool IsPending { get; private set; }

        /// <returns>What its result is asked for by.</returns>
        /// <exception cref="InvalidOperationException">Another one has not ended.</exception>
        public short Begin(CancellationToken cancellationToken)
        {
            if (isBusy)
                throw new InvalidOperationException("Another one waits already.");
            core.Reset();
            isBusy = IsPending = true;
            cancellation = cancellationToken;
            if (cancellationToken.CanBeCanceled)
                registration = cancellationToken.UnsafeRegister(static (state, token) => ((PendingOperation)state!).Cancel(token), this);
            return core.Version;
        }

        /// <returns>Whether it is the caller's to complete.</returns>
        public bool TryEnd()
        {
            var was = IsPending;
            IsPending = false;
            cancellation = default;
            return was;
        }

        public void Complete(int count, Exception? error, bool isHere = true)
        {
            registration.Unregister();
            registration = default;
            if (error is null && isHere)
            {
                isBusy = false;
                core.SetResult(count);
                return;
            }
            (result, failure) = (count, error);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        void IThreadPoolWorkItem.Execute()
        {
            var (count, error) = (result, failure);
            failure = null;
            isBusy = false;
            if (error is null)
                core.SetResult(count);
            else
                core.SetException(error);
        }

        public int GetResult(short token) => core.GetResult(token);

        void IValueTaskSource.GetResult(short token) => core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => core.OnCompleted(continuation, state, token, flags);

        // It may come late, for one that has ended and while another one waits.
        private void Cancel(CancellationToken cancellationToken)
        {
            lock (gate)
            {
                if (cancellation != cancellationToken || !end())
                    return;
            }
            Complete(0, new OperationCanceledException(cancellationToken));
        }
    }
}

/// <summary>Whose the stream of a socket is.</summary>
public interface ISocketOwner
{
    /// <summary>Whether whoever has waited for these bytes may go on on the watcher's thread: that it will not block there. Must not block itself.</summary>
    bool GoesOnHere(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// The other end sends no more, and all that it has sent was read; or it is gone. Called once, on a thread of the pool.
    /// </summary>
    void End();
}

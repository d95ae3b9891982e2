using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Odin.Execution.Processes;

namespace Odin.Deployments;

/// <summary>
/// A thread that waits in <c>epoll</c> for sockets and goes on itself with what waits for them. .NET's own hands every event to
/// a thread of the pool, also each time that the other end of a Unix socket has taken what was sent; waking threads is most of
/// what a request through the gateway costs. For code that never blocks; anything else leaves by <see cref="LeaveAsync"/>.
/// </summary>
public sealed class SocketWatcher
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1, Remove = 2, Change = 3;
    // What is there already counts as a change for a socket that is added or changed.
    private const uint Readable = 1, Writable = 4, Broken = 8, HungUp = 16, EndsSending = 0x2000, OnlyChanges = 1u << 31;
    private const int Batch = 64;
    private const int ProcessorsPerWatcher = 4;
    // What one socket may do before the others have their turn: many times more than a prediction needs.
    private const int OperationsPerTurn = 16;

    // struct epoll_event is packed on x86 only.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 4 : 8;
    private static readonly int EntrySize = DataOffset + 8;
    private static readonly Lock Creating = new();
    private static readonly SocketWatcher?[] All = new SocketWatcher?[Math.Max(1, Environment.ProcessorCount / ProcessorsPerWatcher)];

    [ThreadStatic]
    private static bool isWatcher;
    [ThreadStatic]
    private static int operationsLeft;
    private static uint turn;

    private readonly ConcurrentDictionary<long, WatchedSocketStream> watched = [];
    private readonly int poll;
    private long lastToken;

    private SocketWatcher()
    {
        poll = Native.PollCreate(CloseOnExec);
        if (poll < 0)
            throw Failure();
        new Thread(Run) { IsBackground = true, Name = "odin sockets" }.Start();
    }

    /// <summary>Whether the code that asks runs on the thread of a watcher.</summary>
    public static bool IsCurrent => isWatcher;

    /// <summary>To be awaited before anything that may take long: what is behind it runs on a thread of the pool.</summary>
    public static WatcherExit LeaveAsync() => default;

    /// <summary>The watchers of this process in turn; they live as long as it does.</summary>
    /// <exception cref="IOException">The system gives none.</exception>
    internal static SocketWatcher Next()
    {
        ref var next = ref All[Interlocked.Increment(ref turn) % (uint)All.Length];
        if (Volatile.Read(ref next) is { } existing)
            return existing;
        lock (Creating)
            return next ??= new SocketWatcher();
    }

    /// <summary>Whether the caller may go on here; if not, the others come first: it waits for <see cref="Watch(int, long, bool)"/> to call.</summary>
    internal static bool MayGoOn() => !isWatcher || operationsLeft-- > 0;

    /// <summary>Calls <see cref="WatchedSocketStream.GoOn"/> whenever there is more to read than before, and when the other end ends.</summary>
    /// <returns>What names the socket in the other calls. Descriptors are used again, and events may be late.</returns>
    /// <exception cref="IOException">The system refuses.</exception>
    internal long Watch(WatchedSocketStream stream, int descriptor)
    {
        var token = Interlocked.Increment(ref lastToken);
        watched[token] = stream;
        if (Control(Add, descriptor, Readable | EndsSending, token))
            return token;
        watched.TryRemove(token, out _);
        throw Failure();
    }

    /// <summary>Calls again for what can be done now already, and also for what can be written, or no longer.</summary>
    internal void Watch(int descriptor, long token, bool writes) => Control(Change, descriptor, Readable | EndsSending | (writes ? Writable : 0), token);

    /// <summary>Before the descriptor is closed.</summary>
    internal void Forget(int descriptor, long token)
    {
        watched.TryRemove(token, out _);
        Control(Remove, descriptor, 0, token);
    }

    private static IOException Failure() => new($"Cannot watch sockets: {Marshal.GetLastPInvokeErrorMessage()}");

    private unsafe bool Control(int operation, int descriptor, uint events, long token)
    {
        var entry = stackalloc byte[EntrySize];
        *(uint*)entry = events | OnlyChanges;
        *(long*)(entry + DataOffset) = token;
        return Native.PollControl(poll, operation, descriptor, entry) == 0;
    }

    private unsafe void Run()
    {
        isWatcher = true;
        var entries = stackalloc byte[EntrySize * Batch];
        while (true)
        {
            var count = Native.PollWait(poll, entries, Batch, -1);
            if (count < 0 && Marshal.GetLastPInvokeError() != Native.Interrupted)
                Environment.FailFast($"Sockets of models can be watched no longer: {Marshal.GetLastPInvokeErrorMessage()}");
            for (var i = 0; i < count; i++)
            {
                operationsLeft = OperationsPerTurn;
                var entry = entries + (EntrySize * i);
                if (watched.TryGetValue(*(long*)(entry + DataOffset), out var stream))
                    stream.GoOn((*(uint*)entry & EndsSending) != 0, (*(uint*)entry & (HungUp | Broken)) != 0);
            }
        }
    }
}

/// <summary>The way from the thread of a <see cref="SocketWatcher"/> to one of the pool. No task: one that is done early would be gone on with right here.</summary>
public readonly struct WatcherExit : ICriticalNotifyCompletion
{
    /// <summary>Whether there is nothing to leave.</summary>
    public bool IsCompleted => !SocketWatcher.IsCurrent;

    public WatcherExit GetAwaiter() => this;

    public void OnCompleted(Action continuation) => ThreadPool.QueueUserWorkItem(static next => next(), continuation, preferLocal: false);

    public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static next => next(), continuation, preferLocal: false);

    public void GetResult()
    {
    }
}

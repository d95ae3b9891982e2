using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Odin.Execution.Processes;

/// <summary>
/// Reports the end of processes, own children and others alike, without asking again and again: one thread waits in
/// <c>epoll</c> for descriptors of processes. Where the system gives none (kernel before 5.3, a sandbox that forbids
/// the call, too many open files) it looks every 250 ms instead.
/// </summary>
internal sealed class ProcessWatcher : IAsyncDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Remove = 2;
    private const uint Readable = 1;
    private const int Batch = 64;
    private const int SlowLookMilliseconds = 250;
    private const long WakeUp = 0;

    // struct epoll_event is packed on x86 only.
    private static readonly int DataOffset = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 4 : 8;
    private static readonly int EntrySize = DataOffset + 8;

    private readonly ConcurrentDictionary<long, Watched> watched = [];
    private readonly Action<Execution> ended;
    private readonly int poll;
    private readonly int wake;
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long lastToken;
    private volatile bool stopping;
    private int slow;

    public ProcessWatcher(Action<Execution> ended)
    {
        this.ended = ended;
        poll = Native.PollCreate(CloseOnExec);
        wake = Native.EventCreate(0, CloseOnExec);
        if (poll < 0 || wake < 0 || !Register(wake, WakeUp))
            throw new IOException($"Cannot watch processes: {Marshal.GetLastPInvokeErrorMessage()}");
        new Thread(Run) { IsBackground = true, Name = "odin process watcher" }.Start();
    }

    /// <summary>Calls back, on the watcher's own thread, once the process of the execution has ended.</summary>
    /// <param name="execution">What to hand to the call back.</param>
    /// <param name="pid">The process; this process must still own it, or <paramref name="descriptor"/> must be given.</param>
    /// <param name="descriptor">An open descriptor of the process, taken over; negative if there is none.</param>
    public void Watch(Execution execution, int pid, int descriptor)
    {
        var token = Interlocked.Increment(ref lastToken);
        watched[token] = new Watched(execution, pid, descriptor);
        if (descriptor >= 0 && Register(descriptor, token))
            return;
        watched[token] = new Watched(execution, pid, -1);
        if (descriptor >= 0)
            _ = Native.Close(descriptor);
        Interlocked.Increment(ref slow);
        Wake();
    }

    public async ValueTask DisposeAsync()
    {
        if (stopping)
            return;
        stopping = true;
        Wake();
        await stopped.Task;
        foreach (var (_, process) in watched)
        {
            if (process.Descriptor >= 0)
                _ = Native.Close(process.Descriptor);
        }
        _ = Native.Close(poll);
        _ = Native.Close(wake);
    }

    private unsafe bool Register(int descriptor, long token)
    {
        var entry = stackalloc byte[EntrySize];
        *(uint*)entry = Readable;
        *(long*)(entry + DataOffset) = token;
        return Native.PollControl(poll, Add, descriptor, entry) == 0;
    }

    /// <summary>
    /// Closing alone is not enough: a program that is just being started has a copy until it is loaded, and as long as
    /// that is open we would be told of this end again and again.
    /// </summary>
    private unsafe void Unregister(int descriptor)
    {
        _ = Native.PollControl(poll, Remove, descriptor, null);
        _ = Native.Close(descriptor);
    }

    private unsafe void Wake()
    {
        var one = 1L;
        _ = Native.Write(wake, (byte*)&one, sizeof(long));
    }

    private unsafe void Run()
    {
        var entries = stackalloc byte[EntrySize * Batch];
        while (!stopping)
        {
            var count = Native.PollWait(poll, entries, Batch, Volatile.Read(ref slow) > 0 ? SlowLookMilliseconds : -1);
            for (var i = 0; i < count && !stopping; i++)
            {
                var token = *(long*)(entries + (EntrySize * i) + DataOffset);
                if (token == WakeUp)
                    Drain();
                else
                    Report(token);
            }
            if (Volatile.Read(ref slow) > 0)
                LookSlowly();
        }
        stopped.SetResult();
    }

    private unsafe void Drain()
    {
        long value;
        _ = Native.Read(wake, (byte*)&value, sizeof(long));
    }

    private void Report(long token)
    {
        if (!watched.TryRemove(token, out var process))
            return;
        if (process.Descriptor >= 0)
            Unregister(process.Descriptor);
        else
            Interlocked.Decrement(ref slow);
        ended(process.Execution);
    }

    private void LookSlowly()
    {
        foreach (var (token, process) in watched)
        {
            if (process.Descriptor < 0 && IsOver(process.Pid))
                Report(token);
        }
    }

    private static bool IsOver(int pid)
    {
        try
        {
            return ProcessTable.Read(pid) is not { IsZombie: false };
        }
        catch (IOException)
        {
            // Not known; the next look is soon.
            return false;
        }
    }

    private readonly record struct Watched(Execution Execution, int Pid, int Descriptor);
}

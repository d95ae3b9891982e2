using System.Runtime.InteropServices;
using System.Text;

namespace Odin.Execution.Processes;

/// <summary>
/// Starts programs with <c>posix_spawn</c>: in a session of their own, all signals as by default, no input, output
/// into a file. <see cref="System.Diagnostics.Process"/> can do none of these and is several times slower.
/// </summary>
internal sealed unsafe class ProcessSpawner : IDisposable
{
    private const short NewSession = 0x80;
    private const short DefaultSignals = 0x04;
    private const short SignalMask = 0x08;
    private const uint OwnerOnly = 0x180;

    // Larger than posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t of any C library.
    private const int StructureSize = 1024;

    private static readonly byte[] NullDevice = [.. "/dev/null"u8, 0];
    private readonly void* attributes = NativeMemory.AllocZeroed(StructureSize);
    private bool canCloseRest = true;

    public ProcessSpawner()
    {
        var signals = stackalloc byte[StructureSize];
        _ = Native.AttributesInit(attributes);
        // Not sigfillset: it leaves out two signals of the C library, which the child would then get as ignored.
        new Span<byte>(signals, StructureSize).Fill(0xff);
        _ = Native.AttributesSetDefaultSignals(attributes, signals);
        _ = Native.EmptySignals(signals);
        _ = Native.AttributesSetSignalMask(attributes, signals);
        _ = Native.AttributesSetFlags(attributes, NewSession | DefaultSignals | SignalMask);
    }

    /// <summary>Starts the program; several threads may do so at once.</summary>
    /// <returns>0, or the error number of the system.</returns>
    public int Spawn(IReadOnlyList<string> command, IReadOnlyList<string> environment, string output, out int pid)
    {
        pid = 0;
        using var arguments = new StringBlock(command);
        using var variables = new StringBlock(environment);
        var actions = stackalloc byte[StructureSize];
        new Span<byte>(actions, StructureSize).Clear();
        _ = Native.ActionsInit(actions);
        try
        {
            fixed (byte* input = NullDevice, log = Encoding.UTF8.GetBytes(output + '\0'))
            {
                _ = Native.ActionsAddOpen(actions, 0, input, Native.ReadOnly, 0);
                _ = Native.ActionsAddOpen(actions, 1, log, Native.WriteOnly | Native.Create | Native.Append, OwnerOnly);
                _ = Native.ActionsAddDuplicate(actions, 1, 2);
                CloseRest(actions);
                int child;
                var error = Native.Spawn(&child, arguments.Pointers[0], actions, attributes, arguments.Pointers, variables.Pointers);
                pid = child;
                return error;
            }
        }
        finally
        {
            _ = Native.ActionsDestroy(actions);
        }
    }

    public void Dispose() => NativeMemory.Free(attributes);

    /// <summary>Descriptors that this process itself inherited; its own are all closed on exec. Newer C libraries only.</summary>
    private void CloseRest(void* actions)
    {
        if (!canCloseRest)
            return;
        try
        {
            _ = Native.ActionsAddCloseFrom(actions, 3);
        }
        catch (EntryPointNotFoundException)
        {
            canCloseRest = false;
        }
    }

    /// <summary>A <c>char*[]</c> that ends with null, and the strings in one piece of memory behind it.</summary>
    private readonly ref struct StringBlock
    {
        public readonly byte** Pointers;

        public StringBlock(IReadOnlyList<string> strings)
        {
            var table = (strings.Count + 1) * sizeof(byte*);
            var size = strings.Sum(s => Encoding.UTF8.GetByteCount(s) + 1);
            Pointers = (byte**)NativeMemory.Alloc((nuint)(table + size));
            var next = (byte*)Pointers + table;
            for (var i = 0; i < strings.Count; i++)
            {
                Pointers[i] = next;
                next += Encoding.UTF8.GetBytes(strings[i], new Span<byte>(next, (int)((byte*)Pointers + table + size - next)));
                *next++ = 0;
            }
            Pointers[strings.Count] = null;
        }

        public void Dispose() => NativeMemory.Free(Pointers);
    }
}

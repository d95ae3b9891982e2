using System.Runtime.ExceptionServices;

namespace Odin.Server.Runs;

/// <summary>Collects what has changed since it was asked last, without growing when nobody asks.</summary>
internal sealed class ChangedIds : IDisposable
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim signal = new(0, 1);
    private HashSet<string> ids = new(StringComparer.Ordinal);
    private bool everything;
    private Exception? failure;

    /// <summary>Stands for "anything may have changed".</summary>
    public static IReadOnlySet<string>? Everything => null;

    public void Add(string id)
    {
        lock (gate)
        {
            ids.Add(id);
            Signal();
        }
    }

    public void AddEverything()
    {
        lock (gate)
        {
            everything = true;
            Signal();
        }
    }

    public void Fail(Exception exception)
    {
        lock (gate)
        {
            failure = exception;
            Signal();
        }
    }

    /// <summary>Waits until something has changed and takes it.</summary>
    public async Task<IReadOnlySet<string>?> TakeAsync(CancellationToken cancellationToken)
    {
        await signal.WaitAsync(cancellationToken);
        lock (gate)
        {
            if (failure is not null)
                ExceptionDispatchInfo.Throw(failure);
            var taken = ids;
            ids = new HashSet<string>(StringComparer.Ordinal);
            var all = everything;
            everything = false;
            return all ? Everything : taken;
        }
    }

    public void Dispose() => signal.Dispose();

    private void Signal()
    {
        if (signal.CurrentCount == 0)
            signal.Release();
    }
}

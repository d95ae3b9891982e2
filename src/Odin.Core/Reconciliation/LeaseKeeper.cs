using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Storage;

namespace Odin.Reconciliation;

/// <summary>
/// Holds the leases of this process. Where the store is shared it says every few seconds that it lives; when that has not
/// succeeded for too long, by its own clock, all leases are lost, and it begins a new life under a new name.
/// </summary>
public sealed partial class LeaseKeeper(IResourceStore store, LeaseOptions options, TimeProvider time, ILogger<LeaseKeeper> logger)
    : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100), Retry = TimeSpan.FromSeconds(1), LeaveLimit = TimeSpan.FromSeconds(5);

    private readonly ILeaseStore leases = store.Leases;
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly ConcurrentQueue<Request> requests = new();
    private readonly ConcurrentQueue<LeaseToken> released = new();
    private readonly ConcurrentDictionary<string, Lease> held = new(StringComparer.Ordinal);
    private volatile Life? life;
    private string? previous;

    /// <summary>All leases were lost at once. Whoever holds one looks at <see cref="Lease.IsHeld"/>.</summary>
    public event Action Lapsed = static () => { };

    /// <summary>Whether there may be other servers; if not, a lease is always granted and never lost.</summary>
    public bool IsShared => leases.IsShared;

    internal LeaseOptions Options => options;

    private TimeSpan Duration => IsShared ? options.Duration : Timeout.InfiniteTimeSpan;

    /// <summary>
    /// The lease, if no other server holds it; null if one does. Requests that come while the store is being asked are
    /// answered together. Asking again for what is held gives the same lease.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store could not be asked.</exception>
    public async ValueTask<Lease?> AcquireAsync(string name, CancellationToken cancellationToken)
    {
        if (held.TryGetValue(name, out var known) && known.IsHeld)
            return known;
        var request = new Request(name);
        requests.Enqueue(request);
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (!request.Answer.IsCompleted)
                await ServeAsync(cancellationToken);
        }
        finally
        {
            gate.Release();
        }
        cancellationToken.ThrowIfCancellationRequested();
        return await request.Answer;
    }

    /// <summary>Gives a lease back. What is written with its token from now on may be refused.</summary>
    public void Release(Lease lease)
    {
        lease.Release();
        held.TryRemove(new KeyValuePair<string, Lease>(lease.Token.Name, lease));
        // Nobody is in a hurry for what is done with: it goes with the next heartbeat, or request.
        released.Enqueue(lease.Token);
    }

    /// <summary>Gives a lease back at once, for somebody who waits for it.</summary>
    public async Task ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        Release(lease);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Acquires the lease, waiting for another server that holds it.</summary>
    public async Task<Lease> WaitAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await AcquireAsync(name, cancellationToken) is { } lease)
                return lease;
            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    /// <summary>Lets others have everything at once.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (life is not { } last)
                return;
            Lapse();
            using var limit = new CancellationTokenSource(LeaveLimit, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            await leases.LeaveAsync(last.Server, both.Token);
        }
        catch (Exception e) when (e is StoreUnavailableException or OperationCanceledException or ObjectDisposedException)
        {
            LogNotLeft(e.Message);
        }
        finally
        {
            gate.Release();
        }
    }

    internal bool Lives(string server) => life is { } now && now.Server == server && now.Lasts(time, Duration);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsShared)
            return;
        try
        {
            while (true)
            {
                var failed = !await BeatAsync(stoppingToken);
                await Task.Delay(failed ? Retry : options.Heartbeat, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    // False: try again soon.
    private async Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        if (life is not { } now)
            return true;
        // A store that does not answer must not keep us from noticing that the time is over.
        using var limit = new CancellationTokenSource(now.Left(time, Duration), time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var start = time.GetTimestamp();
            if (await leases.RenewAsync(now.Server, Duration, both.Token) && now.Lasts(time, Duration))
            {
                now.Renewed = start;
                await FlushAsync(both.Token);
                return true;
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogBeatFailed(e.Message);
            if (now.Lasts(time, Duration))
                return false;
        }
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (life == now)
            {
                LogLapsed(held.Count);
                Lapse();
            }
        }
        finally
        {
            gate.Release();
        }
        return false;
    }

    // One at a time: whoever has the gate serves all who wait for it.
    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        var served = new List<Request>();
        while (requests.TryDequeue(out var request))
            served.Add(request);
        try
        {
            var now = await LiveAsync(cancellationToken);
            if (!IsShared)
                await FlushAsync(cancellationToken);
            var granted = (await leases.AcquireAsync(now.Server, [.. served.Select(r => r.Name).Distinct()], cancellationToken))
                .ToDictionary(t => t.Name, t => new Lease(this, now.Server, t));
            foreach (var (name, lease) in granted)
                held[name] = lease;
            foreach (var request in served)
                request.Set(granted.GetValueOrDefault(request.Name) is { IsHeld: true } lease ? lease : null);
        }
        catch (Exception e)
        {
            // Whoever is cancelled is so for himself alone: the others must ask again.
            foreach (var request in served)
                request.Fail(e is OperationCanceledException ? new StoreUnavailableException("The lease was not asked for to the end.", e) : e);
        }
    }

    private async Task<Life> LiveAsync(CancellationToken cancellationToken)
    {
        if (life is { } now)
        {
            if (now.Lasts(time, Duration))
                return now;
            Lapse();
        }
        var start = time.GetTimestamp();
        var server = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}");
        await leases.JoinAsync(server, previous, Duration, cancellationToken);
        LogJoined(server);
        previous = server;
        return life = new Life(server) { Renewed = start };
    }

    private void Lapse()
    {
        life = null;
        held.Clear();
        released.Clear();
        Lapsed();
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var tokens = new List<LeaseToken>();
        while (released.TryDequeue(out var token))
            tokens.Add(token);
        if (tokens.Count == 0)
            return;
        try
        {
            await leases.ReleaseAsync(tokens, cancellationToken);
        }
        catch
        {
            tokens.ForEach(released.Enqueue);
            throw;
        }
    }

    private sealed class Life(string server)
    {
        private long renewed;

        public string Server { get; } = server;

        /// <summary>When the last successful renewal was sent: not later than when the store took it in.</summary>
        public long Renewed
        {
            get => Volatile.Read(ref renewed);
            set => Volatile.Write(ref renewed, value);
        }

        public bool Lasts(TimeProvider time, TimeSpan duration) =>
            duration == Timeout.InfiniteTimeSpan || time.GetElapsedTime(Renewed) < duration;

        public TimeSpan Left(TimeProvider time, TimeSpan duration)
        {
            var left = duration - time.GetElapsedTime(Renewed);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private sealed class Request(string name)
    {
        private readonly TaskCompletionSource<Lease?> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Name { get; } = name;

        public Task<Lease?> Answer => answer.Task;

        public void Set(Lease? lease) => answer.TrySetResult(lease);

        public void Fail(Exception error) => answer.TrySetException(error);
    }

    [LoggerMessage(1, LogLevel.Debug, "This server works as '{Server}'")]
    private partial void LogJoined(string server);

    [LoggerMessage(2, LogLevel.Warning, "This server was not heard of in time: other servers may have taken over the {Leases} things that it worked on")]
    private partial void LogLapsed(int leases);

    [LoggerMessage(4, LogLevel.Warning, "The leases of this server could not be renewed; trying again: {Reason}")]
    private partial void LogBeatFailed(string reason);

    [LoggerMessage(3, LogLevel.Warning, "Other servers could not be told that this one ends; they take over after a while: {Reason}")]
    private partial void LogNotLeft(string reason);
}

using Microsoft.Extensions.Logging;

namespace Odin.Execution.Processes;

/// <summary>
/// Runs programs as processes of this machine, each in a session of its own under a shell script that writes down how
/// it ended. The programs outlive this process and are adopted by the next one, by way of files in
/// <see cref="ProcessExecutorOptions.Directory"/>. Linux only: it needs <c>/proc</c>.
/// </summary>
/// <remarks>
/// At the normal end of a program everything that is left in its process group is killed. What has moved to a group of
/// its own (a daemon) lives on, but is found and killed by <see cref="StopAsync"/>.
/// </remarks>
public sealed partial class ProcessExecutor : IExecutor, IAsyncDisposable
{
    private readonly string directory;
    private readonly TimeProvider time;
    private readonly ILogger<ProcessExecutor> logger;
    private readonly LiveExecutions live;

    // What is not in memory is looked up on disk by one caller at a time, so that nothing is adopted twice.
    private readonly SemaphoreSlim[] doors = [.. Enumerable.Range(0, 16).Select(_ => new SemaphoreSlim(1, 1))];
    private bool disposed;

    public ProcessExecutor(ProcessExecutorOptions options, LogStore logs, TimeProvider time, ILogger<ProcessExecutor> logger)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("The process executor runs on Linux only; use containers or a cluster here.");
        options.Validate();
        options = options with { Directory = Path.GetFullPath(options.Directory) };
        directory = options.Directory;
        this.time = time;
        this.logger = logger;
        live = new LiveExecutions(options, logs, time, logger);
    }

    public string Name => "process";

    public async Task<ExecutionStatus> StartAsync(ExecutionSpec spec, CancellationToken cancellationToken)
    {
        Check(spec);
        if (live.Find(spec.Key) is { } known)
            return known;
        var door = await EnterAsync(spec.Key, cancellationToken);
        try
        {
            if (live.Find(spec.Key) is { } meanwhile)
                return meanwhile;
            var files = new ExecutionDirectory(directory, spec.Key);
            if (files.ReadSpec() is null)
            {
                if (Refused(files, spec) is { } refused)
                    return refused;
                // Whoever is in charge now may have had it done and removed; it must not begin again. The directory stays, for
                // that server may just have found it; it goes with the run.
                if (!spec.MayStart())
                    return new ExecutionStatus { Key = spec.Key, Phase = ExecutionPhase.Queued, Message = "another server is in charge" };
            }
            else if (await LoadAsync(files, cancellationToken) is { Phase: not ExecutionPhase.Queued } found)
            {
                return found;
            }
            return live.Enqueue(new Execution(files, spec.GracePeriod) { Spec = spec, MayStart = spec.MayStart, IsService = spec.IsService });
        }
        finally
        {
            door.Release();
        }
    }

    public async Task<ExecutionStatus?> FindAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        Check(key);
        if (live.Find(key) is { } known)
            return known;
        var door = await EnterAsync(key, cancellationToken);
        try
        {
            return live.Find(key) ?? await LoadAsync(new ExecutionDirectory(directory, key), cancellationToken);
        }
        finally
        {
            door.Release();
        }
    }

    public async Task StopAsync(ExecutionKey key, StopReason reason, CancellationToken cancellationToken)
    {
        Check(key);
        var door = await EnterAsync(key, cancellationToken);
        try
        {
            var files = new ExecutionDirectory(directory, key);
            if ((live.Find(key) ?? await LoadAsync(files, cancellationToken)) is not { IsEnded: false })
                return;
            var request = new StopRequest(reason.ToString(), time.GetUtcNow());
            try
            {
                files.WriteStop(request);
            }
            catch (Exception e) when (live.Find(key) is not null && e is IOException or UnauthorizedAccessException)
            {
                // It can be stopped all the same; only a restart in the middle of it would forget why.
                LogStopNotRecorded(key, e);
            }
            // Accepted by an earlier process and not started since: the recorded stop ends it right here.
            if (!live.Stop(key, request) && await LoadAsync(files, cancellationToken) is { IsEnded: true } ended)
                live.Feed.Publish(ended);
        }
        finally
        {
            door.Release();
        }
    }

    public async Task<bool> WithdrawAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        Check(key);
        var door = await EnterAsync(key, cancellationToken);
        try
        {
            var files = new ExecutionDirectory(directory, key);
            // Not here in the queue, it may have been accepted by an earlier process and never started.
            if (!live.Withdraw(key)
                && (live.Find(key) is not null || await LoadAsync(files, cancellationToken) is not { Phase: ExecutionPhase.Queued }))
                return false;
            // The claim sees to it that nobody starts it any more; it fails where another process has done so.
            if (!LiveExecutions.TryRefuse(files))
            {
                await LoadAsync(files, cancellationToken);
                return false;
            }
            files.Delete();
            return true;
        }
        finally
        {
            door.Release();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It has not ended; stop it first.</exception>
    public async Task RemoveAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        Check(key);
        var door = await EnterAsync(key, cancellationToken);
        try
        {
            var files = new ExecutionDirectory(directory, key);
            // Accepted by an earlier process and never started: the claim sees to it that it never will be.
            if ((live.Find(key) ?? await LoadAsync(files, cancellationToken)) is { IsEnded: false } status
                && (live.Find(key) is not null || status.Phase is not ExecutionPhase.Queued || !files.Refuse()))
                throw new InvalidOperationException($"The execution \"{key}\" has not ended: stop it before it is removed.");
            live.Forget(key);
            files.Delete();
        }
        finally
        {
            door.Release();
        }
    }

    public void Disown(string group) => live.Disown(group);

    public IAsyncEnumerable<ExecutionStatus> WatchAsync(CancellationToken cancellationToken) => live.Feed.ReadAsync(cancellationToken);

    /// <summary>Lets go of everything. Programs run on, and are found again by the next executor on the same directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (disposed)
            return;
        disposed = true;
        await live.DisposeAsync();
    }

    /// <summary>
    /// What the files say; takes what runs into its care. Null if it is unknown, queued if it was accepted but may not
    /// have been started, which <see cref="StartAsync"/> sorts out.
    /// </summary>
    private async Task<ExecutionStatus?> LoadAsync(ExecutionDirectory files, CancellationToken cancellationToken)
    {
        if (files.ReadSpec() is not { } accepted)
            return null;
        while (true)
        {
            var execution = new Execution(files, accepted.GracePeriod) { Stop = files.ReadStop(), IsService = accepted.IsService };
            var state = await ShimState.InspectAsync(files, cancellationToken);
            switch (state.Phase)
            {
                case ShimPhase.Running:
                    return live.Adopt(execution, state);
                case ShimPhase.Unclaimed when execution.Stop is null:
                    return new ExecutionStatus { Key = files.Key, Phase = ExecutionPhase.Queued, Message = "accepted, not started yet" };
                case ShimPhase.Unclaimed when !files.Refuse():
                    continue;
            }
            if (state.Phase is ShimPhase.Vanished || (state.Phase is ShimPhase.Ended && execution.Stop is not null))
                await ProcessStopper.SweepAsync(execution, cancellationToken);
            var outcome = state.Phase is ShimPhase.Vanished && execution.Stop is null && Machine.Current.IsOther(accepted.Machine)
                ? ProcessOutcome.OutOfSight(state.Pid, accepted.Machine!)
                : ProcessOutcome.Of(state, execution);
            return outcome.ToStatus(files.Key) with
            {
                Started = state.Pid > 0 ? files.Started : null,
                Finished = files.Finished,
                ResourceId = state.Pid > 0 ? $"pid:{state.Pid}" : null,
            };
        }
    }

    // Null: it is accepted. What is short at the moment goes to the caller instead, who asks again.
    private ExecutionStatus? Refused(ExecutionDirectory files, ExecutionSpec spec)
    {
        try
        {
            files.Accept(spec);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && !Native.IsShortage(e))
        {
            return ExecutionOutcome.StartFailed($"cannot record the execution \"{spec.Key}\" in \"{directory}\": {e.Message}").ToStatus(spec.Key);
        }
    }

    private void Check(ExecutionSpec spec)
    {
        Check(spec.Key);
        if (spec.Command.Count == 0)
            throw new ArgumentException($"The execution \"{spec.Key}\" has no command.", nameof(spec));
        if (!Path.IsPathFullyQualified(spec.WorkingDirectory))
            throw new ArgumentException($"The working directory \"{spec.WorkingDirectory}\" of \"{spec.Key}\" is not absolute.", nameof(spec));
    }

    private void Check(ExecutionKey key)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        key.ThrowIfUnsafe();
    }

    private async Task<SemaphoreSlim> EnterAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        var door = doors[(uint)key.GetHashCode() % (uint)doors.Length];
        await door.WaitAsync(cancellationToken);
        return door;
    }

    [LoggerMessage(LogLevel.Warning, "The stop of {Execution} could not be recorded")]
    private partial void LogStopNotRecorded(ExecutionKey execution, Exception exception);
}

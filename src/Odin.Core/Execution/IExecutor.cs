namespace Odin.Execution;

/// <summary>
/// Runs programs: as local processes, as containers or on Kubernetes. All implementations pass one conformance suite.
/// A program that fails is a status with a reason, never an exception; an exception means that we could not ask.
/// </summary>
public interface IExecutor
{
    /// <summary>The name by which configuration and tasks choose it: <c>process</c>, <c>kubernetes</c>.</summary>
    string Name { get; }

    /// <summary>
    /// Accepts the program and starts it as soon as there is a slot for it. Idempotent by <see cref="ExecutionSpec.Id"/>,
    /// also across a restart of this process and after its death at any moment: the program starts at most once.
    /// </summary>
    /// <returns>The status right now: often <see cref="ExecutionPhase.Queued"/>.</returns>
    Task<ExecutionStatus> StartAsync(ExecutionSpec spec, CancellationToken cancellationToken);

    /// <summary>The status of an execution that was accepted at some time, also by an earlier process; null if unknown.</summary>
    Task<ExecutionStatus?> FindAsync(ExecutionKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the program and everything that it started: politely, and by force after the grace period. Returns when the
    /// request is recorded; the end arrives through <see cref="WatchAsync"/>. One that is still queued never starts.
    /// Unknown or ended: success.
    /// </summary>
    Task StopAsync(ExecutionKey key, StopReason reason, CancellationToken cancellationToken);

    /// <summary>
    /// Takes back an execution that is still queued, as if it had never been started.
    /// True: it will never start and nothing is kept of it. False: it started, ended, or is unknown; nothing was changed.
    /// </summary>
    Task<bool> WithdrawAsync(ExecutionKey key, CancellationToken cancellationToken);

    /// <summary>Forgets an ended execution and all that is kept of it, except its log. Unknown: success.</summary>
    Task RemoveAsync(ExecutionKey key, CancellationToken cancellationToken);

    /// <summary>Why nothing can be run at the moment, in a sentence for the administrator; null: all is well.</summary>
    Task<string?> FindTroubleAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>
    /// What an administrator does so that tasks see the files of this machine, in a clause: workspaces and the files of jobs.
    /// Null: they see them.
    /// </summary>
    string? FilesRemedy => null;

    /// <summary>How long an ended execution is worth keeping before <see cref="RemoveAsync"/>, for people to look at.</summary>
    TimeSpan KeepEnded => TimeSpan.FromSeconds(30);

    /// <summary>
    /// Another process follows the executions of the group from now on: this one forgets what it has in memory of them and
    /// starts nothing of them that still waits. What is outside of this process stays as it is, and the group may come back.
    /// </summary>
    void Disown(string group);

    /// <summary>
    /// The status of executions as it changes: at the start, at the end, and when figures are new. Changes from before
    /// the enumeration starts are not repeated: ask <see cref="FindAsync"/> for those.
    /// </summary>
    IAsyncEnumerable<ExecutionStatus> WatchAsync(CancellationToken cancellationToken);
}

using System.Collections.Concurrent;
using Odin.Deployments;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Auth;

/// <summary>What a token of a user is held against, and what it allows.</summary>
/// <param name="PasswordChanged">Null: never.</param>
/// <param name="Roles">Null: everything is allowed.</param>
internal sealed record UserFacts(DateTimeOffset Created, DateTimeOffset? PasswordChanged, IReadOnlyList<string>? Roles);

/// <summary>
/// Answers whether the user of a token still exists, without asking the database for every request: what it learned stays
/// until the store reports a change of users. While no changes can be watched, nothing is kept.
/// </summary>
internal sealed partial class UserPresence(IResourceStore store, ILogger<UserPresence> logger) : BackgroundService
{
    private const int MaxEntries = 10_000;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, UserFacts> facts = new(StringComparer.Ordinal);
    private long changes;
    private volatile bool watching;

    /// <summary>What is to be known of the user at the moment; null: no such user.</summary>
    public async ValueTask<UserFacts?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (watching && facts.TryGetValue(name, out var known))
            return known;
        // The store may take its time, and whoever asks may be on a thread that many share.
        await SocketWatcher.LeaveAsync();
        var before = Interlocked.Read(ref changes);
        if (!UserNames.IsValid(name) || await store.FindAsync<User>(name, cancellationToken) is not { } user)
            return null;
        var found = new UserFacts(user.Metadata.Created, user.Spec.PasswordChanged, user.Spec.Roles);
        if (watching && facts.Count < MaxEntries)
        {
            facts[name] = found;
            // The user may have been changed between the read and this line, with the notice already handled.
            if (Interlocked.Read(ref changes) != before)
                facts.TryRemove(name, out _);
        }
        return found;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WatchAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Forget();
                LogWatchFailed(logger, e.Message);
                await Task.Delay(RetryDelay, TimeProvider.System, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
        Forget();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        await using var changed = store.WatchAsync<User>(cancellationToken).GetAsyncEnumerator(cancellationToken);
        var next = changed.MoveNextAsync();
        // The subscription exists from here on, so what is read from now on may be kept.
        watching = true;
        while (await next)
        {
            Interlocked.Increment(ref changes);
            if (changed.Current.Kind is null)
                facts.Clear();
            else
                facts.TryRemove(changed.Current.Id, out _);
            next = changed.MoveNextAsync();
        }
        Forget();
    }

    private void Forget()
    {
        watching = false;
        Interlocked.Increment(ref changes);
        facts.Clear();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot watch users; every request asks the store until it works again: {Reason}")]
    private static partial void LogWatchFailed(ILogger logger, string reason);
}

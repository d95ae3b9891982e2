using System.Collections.Concurrent;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Auth;

/// <summary>What a token of a user is held against.</summary>
/// <param name="PasswordChanged">Null: never.</param>
internal readonly record struct UserTimes(DateTimeOffset Created, DateTimeOffset? PasswordChanged);

/// <summary>
/// Answers whether the user of a token still exists, without asking the database for every request: what it learned stays
/// until the store reports a change of users. While no changes can be watched, nothing is kept.
/// </summary>
internal sealed partial class UserPresence(IResourceStore store, ILogger<UserPresence> logger) : BackgroundService
{
    private const int MaxEntries = 10_000;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, UserTimes> times = new(StringComparer.Ordinal);
    private long changes;
    private volatile bool watching;

    /// <summary>When the user was created and has last changed the password; null: no such user.</summary>
    public async ValueTask<UserTimes?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (watching && times.TryGetValue(name, out var known))
            return known;
        var before = Interlocked.Read(ref changes);
        if (!UserNames.IsValid(name) || await store.FindAsync<User>(name, cancellationToken) is not { } user)
            return null;
        var found = new UserTimes(user.Metadata.Created, user.Spec.PasswordChanged);
        if (watching && times.Count < MaxEntries)
        {
            times[name] = found;
            // The user may have been changed between the read and this line, with the notice already handled.
            if (Interlocked.Read(ref changes) != before)
                times.TryRemove(name, out _);
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
                times.Clear();
            else
                times.TryRemove(changed.Current.Id, out _);
            next = changed.MoveNextAsync();
        }
        Forget();
    }

    private void Forget()
    {
        watching = false;
        Interlocked.Increment(ref changes);
        times.Clear();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot watch users; every request asks the store until it works again: {Reason}")]
    private static partial void LogWatchFailed(ILogger logger, string reason);
}

using System.Collections.Concurrent;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Auth;

/// <summary>
/// Answers whether the user of a token still exists, without asking the database for every request: what it learned stays
/// until the store reports a change of users. While no changes can be watched, nothing is kept.
/// </summary>
internal sealed partial class UserPresence(IResourceStore store, ILogger<UserPresence> logger) : BackgroundService
{
    private const int MaxEntries = 10_000;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, DateTimeOffset> created = new(StringComparer.Ordinal);
    private long changes;
    private volatile bool watching;

    /// <summary>When the user was created; null: no such user.</summary>
    public async ValueTask<DateTimeOffset?> CreatedAsync(string name, CancellationToken cancellationToken)
    {
        if (watching && created.TryGetValue(name, out var known))
            return known;
        var before = Interlocked.Read(ref changes);
        if (!UserNames.IsValid(name) || await store.FindAsync<User>(name, cancellationToken) is not { } user)
            return null;
        if (watching && created.Count < MaxEntries)
        {
            created[name] = user.Metadata.Created;
            // The user may have been deleted between the read and this line, with the notice already handled.
            if (Interlocked.Read(ref changes) != before)
                created.TryRemove(name, out _);
        }
        return user.Metadata.Created;
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
                created.Clear();
            else
                created.TryRemove(changed.Current.Id, out _);
            next = changed.MoveNextAsync();
        }
        Forget();
    }

    private void Forget()
    {
        watching = false;
        Interlocked.Increment(ref changes);
        created.Clear();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot watch users; every request asks the store until it works again: {Reason}")]
    private static partial void LogWatchFailed(ILogger logger, string reason);
}

using Microsoft.Extensions.Logging;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Reconciliation;

/// <summary>Keeps something in step with all resources of a kind.</summary>
public static partial class ResourceFollowing
{
    /// <summary>
    /// Follows a kind until the store is closed or the token ends it, neither of which is an error. What fails is tried again,
    /// with back-off, beginning with <paramref name="all"/>.
    /// </summary>
    /// <param name="all">Looks at every resource: at the start, and whenever changes may have been missed.</param>
    /// <param name="changed">Looks at one that has changed; its <see cref="ResourceChange.Kind"/> is never null.</param>
    public static async Task FollowAsync<T>(
        this IResourceStore store, Func<CancellationToken, Task> all, Func<ResourceChange, CancellationToken, Task> changed, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        for (var failures = 0; ;)
        {
            try
            {
                // Subscribed before anything is read, so that nothing falls between the two.
                await using var watcher = ResourceWatcher.Start<T>(store, cancellationToken);
                await all(cancellationToken);
                failures = 0;
                while (await watcher.ReadAsync() is { } change)
                    await (change.Kind is null ? all(cancellationToken) : changed(change, cancellationToken));
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(logger, e, T.Kind);
                await Task.Delay(Backoff.Delay(failures++), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Following {Kind} failed; reading all of them again")]
    private static partial void LogFailed(ILogger logger, Exception exception, string kind);
}

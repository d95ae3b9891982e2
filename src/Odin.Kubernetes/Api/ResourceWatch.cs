using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Odin.Kubernetes.Api;

/// <summary>
/// A watch that survives: list, then changes from there on; a broken connection goes on from the last change or bookmark;
/// what is too far back for the server is listed anew. For one enumeration.
/// </summary>
internal sealed partial class ResourceWatch<T>(
    KubernetesClient client, KubernetesTransport transport, KubernetesResource<T> resource, KubernetesQuery query, WatchPolicy policy)
    where T : KubernetesObject
{
    /// <summary>Up to where we know everything; null: nothing, list.</summary>
    private string? known;

    /// <summary>Attempts in a row that brought nothing.</summary>
    private int failures;

    private bool hasSynced;
    private long? refusedSince;

    public async IAsyncEnumerable<WatchEvent<T>> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (known is null)
            {
                if (await TryAsync(() => client.ListAsync(resource, query, cancellationToken), cancellationToken) is not { } list)
                    continue;
                known = list.ResourceVersion;
                hasSynced = true;
                yield return new WatchEvent<T>(WatchEventKind.Synced, list.Items);
            }
            await using var connection = await TryAsync(() => ConnectAsync(cancellationToken), cancellationToken);
            if (connection is null)
                continue;
            var opened = policy.Time.GetTimestamp();
            while (await TryReadAsync(connection, opened, cancellationToken) is { } line)
            {
                if (Take(line) is { } change)
                    yield return change;
            }
            await RestAsync(null, cancellationToken);
        }
    }

    private async Task<WatchConnection<T>> ConnectAsync(CancellationToken cancellationToken)
    {
        var seconds = policy.PickTimeoutSeconds();
        var parameters = KubernetesRequest.Query(
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", known),
            ("labelSelector", query.LabelSelector),
            ("fieldSelector", query.FieldSelector),
            ("timeoutSeconds", seconds.ToString(CultureInfo.InvariantCulture)));
        var request = new KubernetesRequest(HttpMethod.Get, resource.CollectionPath(query.Namespace) + parameters, "watch", resource.ToString(), query.Namespace)
        {
            Streams = true,
            MaxAttempts = 1,
        };
        var response = await transport.SendAsync(request, cancellationToken);
        return await WatchConnection<T>.OpenAsync(response, resource.TypeInfo, policy.Deadline(seconds), cancellationToken);
    }

    /// <summary>The event that a line means to our caller; null for one that only we need.</summary>
    private WatchEvent<T>? Take(WatchLine<T> line)
    {
        var current = line.Object!;
        known = current.Metadata.ResourceVersion;
        failures = 0;
        WatchEventKind? kind = line.Type switch
        {
            "ADDED" => WatchEventKind.Added,
            "MODIFIED" => WatchEventKind.Modified,
            "DELETED" => WatchEventKind.Deleted,
            _ => null,
        };
        return kind is null ? null : new WatchEvent<T>(kind.Value, [current]);
    }

    /// <summary>The next change or bookmark; null when this connection is over, for whatever reason.</summary>
    private async Task<WatchLine<T>?> TryReadAsync(WatchConnection<T> connection, long opened, CancellationToken cancellationToken)
    {
        try
        {
            var line = await connection.ReadAsync(cancellationToken);
            if (line?.Error is { } error)
            {
                // Whatever it is that the server could not go on with: the whole set is right in any case.
                known = null;
                failures++;
                Log.Ended(policy.Logger, resource.ToString(), KubernetesFailure.WatchEnded(error).Message);
                return null;
            }
            if (line is null)
                CountShortLife(opened);
            return line;
        }
        catch (JsonException e)
        {
            known = null;
            failures++;
            Log.Broken(policy.Logger, resource.ToString(), e.Message);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            CountShortLife(opened);
            Log.Broken(policy.Logger, resource.ToString(), e.Message);
        }
        return null;
    }

    // A watch that ends in its time has done its work, though it may not have had anything to say.
    private void CountShortLife(long opened) =>
        failures = policy.Time.GetElapsedTime(opened) > policy.Options.LongestDelay ? 0 : failures + 1;

    /// <summary>Null when it failed in a way that time may mend; the time has then been waited.</summary>
    private async Task<TResult?> TryAsync<TResult>(Func<Task<TResult>> act, CancellationToken cancellationToken)
        where TResult : class
    {
        TimeSpan? asked = null;
        try
        {
            var result = await act();
            refusedSince = null;
            return result;
        }
        catch (KubernetesException e) when (e.IsGone)
        {
            known = null;
            Log.Ended(policy.Logger, resource.ToString(), e.Message);
        }
        catch (Exception e) when (e is KubernetesException or KubernetesConfigurationException)
        {
            // An API server that is just coming up refuses what it will allow when it has read its roles.
            refusedSince ??= policy.Time.GetTimestamp();
            if (!hasSynced || policy.Time.GetElapsedTime(refusedSince.Value) >= policy.Options.WatchPatience)
                throw;
            Log.Broken(policy.Logger, resource.ToString(), e.Message);
        }
        catch (KubernetesUnavailableException e)
        {
            // A server that has lost part of its history fails on a version that it does not know yet, and would for ever.
            if (e.StatusCode is HttpStatusCode.InternalServerError or HttpStatusCode.GatewayTimeout)
                known = null;
            asked = e.RetryAfter;
            Log.Broken(policy.Logger, resource.ToString(), e.Message);
        }
        failures++;
        await RestAsync(asked, cancellationToken);
        return null;
    }

    /// <summary>The first failure costs nothing: most are a server that was restarted or a gap, and the next attempt mends them.</summary>
    private async Task RestAsync(TimeSpan? asked, CancellationToken cancellationToken)
    {
        if (asked is null && failures <= 1)
            return;
        var pause = asked > policy.Options.LongestRetryAfter ? policy.Options.LongestRetryAfter : asked;
        await Task.Delay(pause ?? transport.Pause(failures - 2), policy.Time, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "The watch of {Resource} begins anew: {Problem}")]
        public static partial void Ended(ILogger logger, string resource, string problem);

        [LoggerMessage(LogLevel.Warning, "The watch of {Resource} is interrupted and goes on as soon as it can: {Problem}")]
        public static partial void Broken(ILogger logger, string resource, string problem);
    }
}

using System.Net;
using Microsoft.Extensions.Logging;
using Odin.Kubernetes.Api.Access;
using Odin.Reconciliation;

namespace Odin.Kubernetes.Api;

/// <summary>
/// Sends requests, again where that is right: what is idempotent when there was no answer or the server could not; anything
/// that certainly was not processed (no connection, 429). Waits as long as the server asks for, within bounds.
/// </summary>
internal sealed partial class KubernetesTransport(
    KubernetesConfiguration configuration, KubernetesApiOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly KubernetesConnection connection = new(configuration);

    /// <summary>The successful answer: read completely, or for a stream its headers.</summary>
    /// <exception cref="KubernetesException">The server said no.</exception>
    /// <exception cref="KubernetesUnavailableException">No answer, or none of use, after all attempts.</exception>
    public async Task<HttpResponseMessage> SendAsync(KubernetesRequest request, CancellationToken cancellationToken)
    {
        var attempts = request.MaxAttempts ?? options.MaxAttempts;
        for (var attempt = 1; ; attempt++)
        {
            var (response, problem, mayRepeat) = await AttemptAsync(request, cancellationToken);
            if (response is not null)
                return response;
            if (!mayRepeat || attempt >= attempts || problem!.RetryAfter > options.LongestRetryAfter)
                throw problem!;
            var pause = problem.RetryAfter ?? Pause(attempt - 1);
            Log.TryAgain(logger, request.Verb, request.Resource, pause.TotalSeconds, problem.Message);
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>The successful answer, read completely.</summary>
    public async Task<byte[]> ReadAsync(KubernetesRequest request, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    /// <summary>Doubling, bounded, with up to a quarter more so that many clients do not come back together.</summary>
    public TimeSpan Pause(int failures) =>
        Backoff.Exponential(options.FirstDelay, options.LongestDelay, failures) * (1 + (Random.Shared.NextDouble() / 4));

    public void Dispose() => connection.Dispose();

    private async Task<(HttpResponseMessage? Response, KubernetesUnavailableException? Problem, bool MayRepeat)> AttemptAsync(
        KubernetesRequest request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(request.IsPatient ? Timeout.InfiniteTimeSpan : options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await connection.SendAsync(request, either.Token);
            if (response.IsSuccessStatusCode)
                return (response, null, false);
            using (response)
            {
                var body = await response.Content.ReadAsByteArrayAsync(either.Token);
                var refusal = KubernetesFailure.Refused(response.StatusCode, body, request, configuration);
                return IsPassing(response.StatusCode)
                    ? (null, KubernetesFailure.Unable(refusal, RetryAfter(response), configuration), request.IsIdempotent || refusal.IsTooManyRequests)
                    : throw refusal;
            }
        }
        catch (HttpRequestException e)
        {
            response?.Dispose();
            return (null, KubernetesFailure.Unreachable(e, configuration, WasNotSent(e)), !KubernetesFailure.IsTls(e) && (request.IsIdempotent || WasNotSent(e)));
        }
        catch (IOException e)
        {
            response?.Dispose();
            return (null, KubernetesFailure.Unreachable(e, configuration), request.IsIdempotent);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            response?.Dispose();
            var late = new TimeoutException($"no answer to {request.Verb} {request.Resource} within {options.RequestTimeout.TotalSeconds:0.#} s");
            return (null, KubernetesFailure.Unreachable(late, configuration), request.IsIdempotent);
        }
    }

    private static bool IsPassing(HttpStatusCode code) => code is HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static bool WasNotSent(HttpRequestException exception) => exception.HttpRequestError
        is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError or HttpRequestError.SecureConnectionError;

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? header?.Date - time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Kubernetes: {Verb} {Resource} is tried again in {Seconds} s: {Problem}")]
        public static partial void TryAgain(ILogger logger, string verb, string resource, double seconds, string problem);
    }
}

using System.Net.Http;
using System.Net.Http.Headers;
using Odin.ObjectStorage;

namespace Odin.Images;

/// <summary>
/// HTTP to one registry: with proof of who we are, deadlines, retries, and redirects only where blobs are read, without the proof.
/// </summary>
internal sealed class RegistryHttp : IDisposable
{
    private const int LongestError = 16 << 10, MostHops = 5, MostProofs = 2;

    private readonly string description, host;
    private readonly HttpClient client;
    private readonly RegistryTokens tokens;
    private readonly RetriedCalls retried;

    public RegistryHttp(string registry, RegistryCredentials? credentials, RegistryOptions options, RegistryRefusals refusals)
    {
        description = $"the registry '{registry}'";
        Limits = options.Limits;
        Refusals = refusals;
        host = registry == ImageReference.DefaultRegistry ? "registry-1.docker.io" : registry;
        var isPlain = options.IsPlainHttp ?? IsLoopback(host);
        Address = new Uri($"{(isPlain ? "http" : "https")}://{host}/");
        client = new HttpClient(StorageConnections.CreateHandler(Limits)) { Timeout = Timeout.InfiniteTimeSpan };
        tokens = new RegistryTokens(credentials, isPlain, refusals, Limits.Time, SendOnceAsync);
        retried = new RetriedCalls(description, Limits);
    }

    public Uri Address { get; }

    public TransferLimits Limits { get; }

    public RegistryRefusals Refusals { get; }

    /// <summary>Tries again, with growing delays, as long as what went wrong may pass.</summary>
    public async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            ImageException failure;
            try
            {
                return await call(cancellationToken);
            }
            catch (ImageException e) when (e.IsPassing && attempt < Limits.Attempts)
            {
                failure = e;
            }
            await DelayAsync(attempt, failure, cancellationToken);
        }
    }

    public Task DelayAsync(int attempt, ImageException failure, CancellationToken cancellationToken) =>
        Task.Delay(retried.DelayAfter(attempt, failure.RetryAfter), Limits.Time, cancellationToken);

    /// <summary>
    /// Sends a request once, or again with proof if that is asked for. The answer's body is read unless it is a stream; a status
    /// that is not taken is thrown.
    /// </summary>
    /// <param name="request">Made anew for each sending.</param>
    public async Task<RegistryAnswer> SendAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        RegistryAnswer? answer = null;
        using var watch = new Watch(Limits, cancellationToken);
        try
        {
            answer = await ProveAndSendAsync(request, watch);
            var isTaken = request.Accepted.Contains(answer.Status);
            if (!(isTaken && request.IsStreamed) && !await answer.ReadAsync(isTaken ? ImageManifest.Longest : LongestError, watch.Token) && isTaken)
                throw Refusals.TooLong("A manifest");
            if (!isTaken)
                throw Refusals.Explain(answer, request.Action);
            var taken = answer;
            answer = null;
            return taken;
        }
        catch (HttpRequestException e)
        {
            // What the source of an upload throws is its own.
            throw e.InnerException is ImageException inner ? inner : Convert(StorageConnections.Explain(e, description, host));
        }
        catch (IOException e)
        {
            throw Convert(StorageConnections.Broken(e, description, host));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ImageException($"The registry '{host}' did not get on within {Limits.AnswerTimeout.TotalSeconds:0} s. Is the address right, and does nothing on the way hold it up?", isPassing: true, e);
        }
        finally
        {
            answer?.Dispose();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        tokens.Dispose();
    }

    private static ImageException Convert(ObjectStorageException e) => new(e.Message, e.IsPassing, e);

    private static bool IsLoopback(string host)
    {
        var name = new Uri($"http://{host}/").Host;
        return name == "localhost" || (System.Net.IPAddress.TryParse(name.Trim('[', ']'), out var address) && System.Net.IPAddress.IsLoopback(address));
    }

    private async Task<RegistryAnswer> ProveAndSendAsync(RegistryRequest request, Watch watch)
    {
        for (var attempt = 0; ; attempt++)
        {
            var proof = await tokens.FindAsync(request.Scope, watch.Token);
            var answer = await FollowAsync(request, proof, watch);
            if (answer.Status != 401 || attempt == MostProofs)
                return answer;
            try
            {
                await answer.ReadAsync(LongestError, watch.Token);
                if (!await tokens.LearnAsync(answer, request.Scope, proof, watch.Token))
                    throw Refusals.Explain(answer, request.Action);
            }
            finally
            {
                answer.Dispose();
            }
        }
    }

    private async Task<RegistryAnswer> FollowAsync(RegistryRequest request, AuthenticationHeaderValue? proof, Watch watch)
    {
        var address = new Uri(Address, request.Address);
        for (var hop = 0; ; hop++)
        {
            using var message = new HttpRequestMessage(request.Method, address) { Content = request.Content is null ? null : await request.Content(watch) };
            foreach (var type in request.Accept)
                message.Headers.Accept.ParseAdd(type);
            // Where else a registry sends to, its own signature in the address is what opens the door.
            if (IsOwn(address))
                message.Headers.Authorization = proof;
            if (request.Offset > 0)
                message.Headers.Range = new RangeHeaderValue(request.Offset, null);
            var answer = await SendOnceAsync(message, watch.Token);
            if (!request.FollowsRedirects || answer.Status is not (301 or 302 or 303 or 307 or 308) || answer.Location is null || hop == MostHops)
                return answer;
            var next = new Uri(address, answer.Location);
            if (next.Scheme != Uri.UriSchemeHttps && !(next.Scheme == Uri.UriSchemeHttp && Address.Scheme == Uri.UriSchemeHttp))
                return answer;
            answer.Dispose();
            address = next;
        }
    }

    private bool IsOwn(Uri address) => address.Scheme == Address.Scheme && address.Authority == Address.Authority;

    private async Task<RegistryAnswer> SendOnceAsync(HttpRequestMessage message, CancellationToken cancellationToken) =>
        new(await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken));
}

/// <summary>Ends a request that does not get on; what moves resets it.</summary>
internal sealed class Watch : IDisposable
{
    private readonly TransferLimits limits;
    private readonly CancellationTokenSource deadline, either;

    public Watch(TransferLimits limits, CancellationToken cancellationToken)
    {
        this.limits = limits;
        deadline = new CancellationTokenSource(limits.AnswerTimeout, limits.Time);
        either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
    }

    public CancellationToken Token => either.Token;

    public void Moved() => deadline.CancelAfter(limits.AnswerTimeout);

    public void Dispose()
    {
        either.Dispose();
        deadline.Dispose();
    }
}

/// <summary>What is asked of a registry.</summary>
/// <param name="Address">Relative to the registry's, or as the registry has given it.</param>
/// <param name="Scope">The right that it takes: <c>repository:models/wine:pull</c>.</param>
/// <param name="Accepted">The status codes that are answers; others are refusals.</param>
internal sealed record RegistryRequest(HttpMethod Method, string Address, string Scope, params int[] Accepted)
{
    /// <summary>For messages.</summary>
    public required string Action { get; init; }

    public Func<Watch, Task<HttpContent>>? Content { get; init; }

    public IReadOnlyList<string> Accept { get; init; } = [];

    public bool IsStreamed { get; init; }

    public bool FollowsRedirects { get; init; }

    /// <summary>Where in the content to begin.</summary>
    public long Offset { get; init; }
}

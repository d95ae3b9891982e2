using System.Globalization;
using System.Net.Http;
using System.Text;

namespace Odin.ObjectStorage;

/// <summary>HTTP to one server: with deadlines, retries, bounded bodies, and no redirects.</summary>
/// <param name="description">Of the storage, for messages.</param>
/// <param name="host">Of the server, for messages.</param>
internal sealed class StorageHttp(string description, string host, TransferLimits limits) : IDisposable
{
    private const int LongestAnswer = 32 << 20, LongestError = 16 << 10;

    private readonly HttpClient client = new(StorageConnections.CreateHandler(limits)) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly RetriedCalls retried = new(description, limits);

    /// <summary>Tells refusals from answers: null for what the caller takes, whatever its status.</summary>
    public delegate ObjectStorageException? Judge(StorageAnswer answer);

    /// <summary>Whether a status may be another one later.</summary>
    public static bool IsPassing(int status) => status is 408 or 429 or 500 or 502 or 503 or 504;

    /// <summary>Sends a request, again when the failure may pass, and reads the whole answer.</summary>
    public Task<StorageAnswer> SendAsync(Func<HttpRequestMessage> request, Judge judge, CancellationToken cancellationToken) =>
        retried.RunAsync(token => SendOnceAsync(request, judge, isStreamed: false, token), cancellationToken);

    /// <summary>The same for what must not be repeated without a look.</summary>
    public Task<StorageAnswer> SendOnceAsync(Func<HttpRequestMessage> request, Judge judge, CancellationToken cancellationToken) =>
        retried.RunOnceAsync(token => SendOnceAsync(request, judge, isStreamed: false, token), cancellationToken);

    /// <summary>The same, but leaves the body of a successful answer to be read.</summary>
    public Task<StorageAnswer> OpenAsync(Func<HttpRequestMessage> request, Judge judge, CancellationToken cancellationToken) =>
        retried.RunAsync(token => SendOnceAsync(request, judge, isStreamed: true, token), cancellationToken);

    /// <summary>How long to wait after the failed attempt of that number.</summary>
    public Task DelayAsync(int attempt, TimeSpan? wanted, CancellationToken cancellationToken) =>
        Task.Delay(retried.DelayAfter(attempt, wanted), limits.Time, cancellationToken);

    public void Dispose() => client.Dispose();

    private async Task<StorageAnswer> SendOnceAsync(Func<HttpRequestMessage> request, Judge judge, bool isStreamed, CancellationToken cancellationToken)
    {
        StorageAnswer? answer = null, judged = null;
        try
        {
            using var message = request();
            answer = new StorageAnswer(await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken));
            var isRefused = !answer.IsSuccess;
            if (isRefused)
                await answer.ReadAsync(LongestError, cancellationToken);
            else if (!isStreamed && !await answer.ReadAsync(LongestAnswer, cancellationToken))
                throw new ObjectStorageException($"What {description} answered is too long. Is the address right?", isPassing: false);
            if (judge(answer) is { } refusal)
                throw refusal;
            return judged = answer;
        }
        catch (HttpRequestException e)
        {
            throw StorageConnections.Explain(e, description, host);
        }
        catch (IOException e)
        {
            throw StorageConnections.Broken(e, description, host);
        }
        finally
        {
            if (judged is null)
                answer?.Dispose();
        }
    }
}

/// <summary>An answer; its headers, and its body unless that is left to be read.</summary>
internal sealed class StorageAnswer(HttpResponseMessage message) : IDisposable
{
    private byte[] body = [];

    public int Status => (int)message.StatusCode;

    public bool IsSuccess => message.IsSuccessStatusCode;

    public ReadOnlyMemory<byte> Body => body;

    public string Text => Encoding.UTF8.GetString(body);

    public long? Length => message.Content.Headers.ContentLength;

    /// <summary>Of the whole object that this is a part of.</summary>
    public long? WholeLength => message.Content.Headers.ContentRange is { } range ? range.Length : Length;

    public DateTimeOffset? Modified => message.Content.Headers.LastModified;

    /// <summary>Without quotes.</summary>
    public string? ETag => message.Headers.ETag?.Tag.Trim('"');

    public Uri? Location => message.Headers.Location;

    /// <summary>How long the server wants to be left alone.</summary>
    public TimeSpan? RetryAfter => message.Headers.RetryAfter?.Delta;

    public string? Header(string name) => message.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>What the caller gets to hear of an answer that is no success.</summary>
    /// <param name="description">Of the storage.</param>
    /// <param name="key">Of the object that was asked for; null: it was the storage itself.</param>
    /// <param name="remedy">What it means and what to do, the end of a sentence.</param>
    /// <param name="code">The server's name for what is wrong.</param>
    /// <param name="words">The server's words for it.</param>
    public ObjectStorageException Refusal(string description, string? key, string remedy, string code, string words)
    {
        var subject = key is null ? description : $"'{key}' in {description}";
        return new ObjectStorageException(
            string.Create(CultureInfo.InvariantCulture, $"{StorageConnections.Capital(subject)}: {remedy} The server said {Status} {code}: {words}"), StorageHttp.IsPassing(Status))
        {
            Status = Status,
            Code = code,
            RetryAfter = RetryAfter,
        };
    }

    /// <summary>The body from now on; disposing of it ends the answer.</summary>
    public async Task<Stream> OpenAsync(CancellationToken cancellationToken) => await message.Content.ReadAsStreamAsync(cancellationToken);

    /// <summary>False: there is more than the longest that is read.</summary>
    public async Task<bool> ReadAsync(int longest, CancellationToken cancellationToken)
    {
        using var read = new MemoryStream();
        await using var stream = await message.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[Math.Min(longest, 16 << 10)];
        while (read.Length < longest && await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            read.Write(buffer, 0, count);
        body = read.ToArray();
        return read.Length < longest;
    }

    public void Dispose() => message.Dispose();
}

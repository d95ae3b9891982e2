using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Odin.ObjectStorage;

/// <summary>The requests of Google's JSON interface to one bucket.</summary>
internal sealed class GcsBucket : IDisposable
{
    public const string Fields = "name,size,updated,generation";

    private const string Google = "https://storage.googleapis.com";

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly GoogleServiceAccount account;
    private readonly string address;

    public GcsBucket(GcsStorageOptions options, TransferLimits limits)
    {
        Name = StorageConnections.CheckBucket(options.Bucket, "bucket");
        Server = StorageConnections.ParseAddress(string.IsNullOrEmpty(options.Endpoint) ? Google : options.Endpoint, "endpoint of the bucket");
        address = Server.GetLeftPart(UriPartial.Path).TrimEnd('/');
        Description = string.IsNullOrEmpty(options.Endpoint) ? $"gs://{Name}" : $"gs://{Name} at {address}";
        account = new GoogleServiceAccount(options.ServiceAccountJson, limits);
        Http = new StorageHttp(Description, Server.Authority, limits);
    }

    public string Name { get; }

    public Uri Server { get; }

    public string Description { get; }

    public StorageHttp Http { get; }

    /// <summary>An object's address, for reading.</summary>
    public string ObjectAddress(string key) => $"{address}/storage/v1/b/{Name}/o/{Uri.EscapeDataString(key)}";

    /// <summary>Of the list of objects, or with "/upload" before it, where sessions for uploads begin.</summary>
    public string ListAddress(string before = "") => $"{address}{before}/storage/v1/b/{Name}/o";

    public static HttpRequestMessage Request(HttpMethod method, string address) => new(method, new Uri(address, AsWritten));

    /// <summary>Sends a request with a token and reads the answer; a token that is refused is renewed once.</summary>
    public Task<StorageAnswer> SendAsync(Func<HttpRequestMessage> request, string? key, bool acceptsMissing, CancellationToken cancellationToken) =>
        AuthorizedAsync(bearing => Http.SendAsync(() => bearing(request()), a => Refuse(a, key, acceptsMissing), cancellationToken), cancellationToken);

    /// <summary>The same, with the body left to be read.</summary>
    public Task<StorageAnswer> OpenAsync(Func<HttpRequestMessage> request, string key, CancellationToken cancellationToken) =>
        AuthorizedAsync(bearing => Http.OpenAsync(() => bearing(request()), a => Refuse(a, key, acceptsMissing: false), cancellationToken), cancellationToken);

    public ObjectStorageException? Refuse(StorageAnswer answer, string? key, bool acceptsMissing)
    {
        if (answer.IsSuccess)
            return null;
        var refusal = GcsRefusals.Explain(answer, Description, Name, key);
        return acceptsMissing && refusal is ObjectNotFoundException ? null : refusal;
    }

    /// <summary>Reads what is told of an object.</summary>
    /// <exception cref="ObjectStorageException">It is something else.</exception>
    public StoredObject ParseObject(StorageAnswer answer) => Parse(answer, ToObject);

    /// <summary>One page of the list, with the token for the next; null: it was the last.</summary>
    public async Task<(List<StoredObject> Objects, string? Next)> ListPageAsync(string prefix, string? page, int size, CancellationToken cancellationToken)
    {
        var question = string.Create(CultureInfo.InvariantCulture, $"?maxResults={size}&fields=kind,nextPageToken,items({Fields})");
        if (prefix.Length > 0)
            question += $"&prefix={Uri.EscapeDataString(prefix)}";
        if (page is not null)
            question += $"&pageToken={Uri.EscapeDataString(page)}";
        using var answer = await SendAsync(() => Request(HttpMethod.Get, ListAddress() + question), null, acceptsMissing: false, cancellationToken);
        return Parse(answer, root =>
        {
            // An empty page has nothing else.
            if (root.GetProperty("kind").GetString() != "storage#objects")
                throw new FormatException("The kind is another one.");
            List<StoredObject> objects = root.TryGetProperty("items", out var items) ? [.. items.EnumerateArray().Select(ToObject)] : [];
            return (objects, root.TryGetProperty("nextPageToken", out var next) ? next.GetString() : null);
        });
    }

    public void Dispose()
    {
        Http.Dispose();
        account.Dispose();
    }

    private async Task<StorageAnswer> AuthorizedAsync(
        Func<Func<HttpRequestMessage, HttpRequestMessage>, Task<StorageAnswer>> send, CancellationToken cancellationToken)
    {
        var token = await account.GetTokenAsync(cancellationToken);
        try
        {
            return await send(Bearing);
        }
        catch (ObjectStorageException e) when (e.Status == 401)
        {
            account.Forget(token);
            token = await account.GetTokenAsync(cancellationToken);
            return await send(Bearing);
        }

        HttpRequestMessage Bearing(HttpRequestMessage message)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return message;
        }
    }

    private T Parse<T>(StorageAnswer answer, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new ObjectStorageException($"What {Description} answered is not Google's JSON interface: {e.Message} Is the endpoint right?", isPassing: false, e);
        }
    }

    private static StoredObject ToObject(JsonElement item) => new(
        item.GetProperty("name").GetString() ?? "",
        long.Parse(item.GetProperty("size").GetString() ?? "", CultureInfo.InvariantCulture),
        item.GetProperty("updated").GetDateTimeOffset(),
        item.GetProperty("generation").GetString());
}

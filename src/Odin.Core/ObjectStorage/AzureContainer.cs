using System.Globalization;
using System.Net.Http;
using System.Xml;
using System.Xml.Linq;

namespace Odin.ObjectStorage;

/// <summary>The requests of Azure's protocol to one container, and what its refusals mean.</summary>
internal sealed class AzureContainer : IDisposable
{
    /// <summary>Names for metadata are those of C#.</summary>
    public const string MarkHeader = "x-ms-meta-odinsave";

    // What we use has been there for longer; azurite and old appliances know this one.
    private const string Version = "2021-12-02";
    private const int LongestWords = 500;

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly string address, query, name;
    private readonly string[] secrets;
    private readonly TransferLimits limits;

    public AzureContainer(AzureBlobStorageOptions options, TransferLimits limits)
    {
        name = StorageConnections.CheckBucket(options.Container, "container");
        this.limits = limits;
        var url = StorageConnections.ParseAddress(options.SasUrl, "SAS URL");
        query = url.Query.TrimStart('?');
        var signature = query.Split('&').FirstOrDefault(part => part.StartsWith("sig=", StringComparison.Ordinal))?[4..];
        if (string.IsNullOrEmpty(signature))
            throw new ObjectStorageException("The SAS URL has no signature: it must end with a query that has 'sig=' in it. Copy the whole URL.", isPassing: false);
        secrets = [query, signature, Uri.UnescapeDataString(signature)];
        var path = url.AbsolutePath.TrimEnd('/');
        var server = url.GetLeftPart(UriPartial.Authority);
        address = server + (path.EndsWith($"/{name}", StringComparison.Ordinal) ? path : $"{path}/{name}");
        Description = $"azureblob://{name} at {server}{(path.EndsWith($"/{name}", StringComparison.Ordinal) ? path[..^(name.Length + 1)] : path)}";
        Http = new StorageHttp(Description, url.Authority, limits);
    }

    public string Description { get; }

    public StorageHttp Http { get; }

    /// <summary>A request about a blob, or about the container for ""; the query goes before the signature.</summary>
    public Func<HttpRequestMessage> Request(HttpMethod method, string key, string question, Func<HttpContent>? content = null, params (string Name, string? Value)[] headers) => () =>
    {
        var path = key.Length == 0 ? "" : $"/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}";
        var message = new HttpRequestMessage(method, new Uri($"{address}{path}?{(question.Length == 0 ? "" : $"{question}&")}{query}", AsWritten));
        message.Headers.Add("x-ms-version", Version);
        foreach (var (header, value) in headers)
        {
            if (value is not null)
                message.Headers.TryAddWithoutValidation(header, value);
        }
        message.Content = content?.Invoke();
        return message;
    };

    /// <summary>One page of the list, with the marker for the next; null: it was the last.</summary>
    public async Task<(List<StoredObject> Objects, string? Next)> ListPageAsync(string prefix, string? marker, int size, CancellationToken cancellationToken)
    {
        var question = string.Create(CultureInfo.InvariantCulture, $"restype=container&comp=list&maxresults={size}");
        if (prefix.Length > 0)
            question += $"&prefix={Uri.EscapeDataString(prefix)}";
        if (marker is not null)
            question += $"&marker={Uri.EscapeDataString(marker)}";
        using var answer = await Http.SendAsync(Request(HttpMethod.Get, "", question), a => Refuse(a, null), cancellationToken);
        try
        {
            return ParsePage(answer);
        }
        catch (Exception e) when (e is XmlException or FormatException)
        {
            throw new ObjectStorageException($"What {Description} answered is no list of blobs: {e.Message} Is the address right?", isPassing: false, e);
        }
    }

    /// <summary>Null for an answer that is a success.</summary>
    /// <param name="key">Of the blob that it is about; null: it is about the container.</param>
    public ObjectStorageException? Refuse(StorageAnswer answer, string? key)
    {
        if (answer.IsSuccess)
            return null;
        var (code, words) = ParseError(answer);
        if (key is not null && answer.Status == 404 && code is "" or "BlobNotFound" or "ResourceNotFound")
            return new ObjectNotFoundException(key!, Description) { Status = 404 };
        return answer.Refusal(Description, key, Remedy(code, words, answer), code, words);
    }

    public void Dispose() => Http.Dispose();

    private static (List<StoredObject> Objects, string? Next) ParsePage(StorageAnswer answer)
    {
        var root = Parse(answer.Body) is { Name.LocalName: "EnumerationResults" } list ? list : throw new XmlException("There is no EnumerationResults.");
        var objects = new List<StoredObject>();
        foreach (var blob in root.Element("Blobs")?.Elements("Blob") ?? [])
        {
            var facts = blob.Element("Properties") ?? throw new XmlException("A blob has no properties.");
            // Accounts with folders list those too.
            if (facts.Element("ResourceType")?.Value == "directory")
                continue;
            objects.Add(new StoredObject(
                blob.Element("Name")?.Value ?? "",
                long.Parse(facts.Element("Content-Length")?.Value ?? "", CultureInfo.InvariantCulture),
                DateTimeOffset.Parse(facts.Element("Last-Modified")?.Value ?? "", CultureInfo.InvariantCulture),
                facts.Element("Etag")?.Value.Trim('"')));
        }
        return (objects, root.Element("NextMarker")?.Value is { Length: > 0 } next ? next : null);
    }

    private static XElement? Parse(ReadOnlyMemory<byte> text)
    {
        using var reader = XmlReader.Create(
            new MemoryStream(text.ToArray(), writable: false),
            new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace).Root;
    }

    private (string Code, string Words) ParseError(StorageAnswer answer)
    {
        var (code, words) = (answer.Header("x-ms-error-code") ?? "", answer.Text);
        try
        {
            if (Parse(answer.Body) is { Name.LocalName: "Error" } error)
            {
                code = error.Element("Code")?.Value ?? code;
                words = $"{error.Element("Message")?.Value} {error.Element("AuthenticationErrorDetail")?.Value}";
            }
        }
        catch (XmlException)
        {
            // Something else on the way has answered; its words are all there is.
        }
        foreach (var secret in secrets)
            words = words.Replace(secret, "***", StringComparison.Ordinal);
        words = string.Join(' ', words.Split(['\r', '\n', ' '], StringSplitOptions.RemoveEmptyEntries));
        return (code, words.Length > LongestWords ? words[..LongestWords] : words);
    }

    private string Remedy(string code, string words, StorageAnswer answer) => code switch
    {
        "ContainerNotFound" => $"the container '{name}' does not exist there; create it, or correct its name.",
        "ContainerBeingDeleted" => "the container is being deleted; wait, or use another one.",
        "AccountIsDisabled" => "the account is disabled.",
        _ when answer.Status == 403 && IsOver() => "the SAS has expired; make a new one.",
        _ when code == "AuthenticationFailed" || words.Contains("failed to authenticate", StringComparison.OrdinalIgnoreCase) =>
            "the signature of the SAS is not accepted: it was changed, is not of this account, has expired, or is not valid yet. Make a new one, and check the clock.",
        "AuthorizationPermissionMismatch" or "AuthorizationResourceTypeMismatch" or "AuthorizationServiceMismatch" or "AuthorizationFailure" =>
            "the SAS does not give the right to this (make one for the container and its objects, with read, add, create, write, delete and list), or the account's firewall forbids it.",
        "AuthorizationSourceIPMismatch" or "AuthorizationProtocolMismatch" => "the SAS does not allow this from here; make one for this address and protocol.",
        "NoAuthenticationInformation" => "the SAS has no effect; copy the whole URL.",
        _ => answer.Status switch
        {
            401 or 403 => "the SAS does not give the right to this; make a new one.",
            404 => "there is no such thing.",
            >= 300 and < 400 => StorageConnections.RedirectWords(answer.Location is { IsAbsoluteUri: true } to ? to.GetLeftPart(UriPartial.Authority) : null),
            429 or 503 => "the server is busy; try again later.",
            >= 500 => "the server has a fault; try again later.",
            _ => "the server refuses this.",
        },
    };

    private bool IsOver() =>
        query.Split('&').FirstOrDefault(part => part.StartsWith("se=", StringComparison.Ordinal)) is { } end
        && DateTimeOffset.TryParse(Uri.UnescapeDataString(end[3..]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        && time < limits.Time.GetUtcNow();
}

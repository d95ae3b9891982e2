using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Odin.ObjectStorage;

namespace Odin.Images;

/// <summary>An account with Amazon's registry.</summary>
public sealed record EcrOptions
{
    /// <summary>Whose registry it is: the number at the beginning of its host.</summary>
    public required string Account { get; init; }

    public required string Region { get; init; }

    public required string KeyId { get; init; }

    public required string KeySecret { get; init; }

    /// <summary>Of temporary keys.</summary>
    public string? SessionToken { get; init; }

    /// <summary>With validated cryptography.</summary>
    public bool IsFips { get; init; }

    /// <summary>Another server than Amazon's; null: that of the region.</summary>
    public string? Endpoint { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    internal TransferLimits Limits { get; init; } = TransferLimits.Default;

    // It holds a secret.
    public override string ToString() => $"{nameof(EcrOptions)} {{ Account = {Account}, Region = {Region} }}";
}

/// <summary>
/// Gets passwords for Amazon's registry, which hold for half a day, by its JSON interface, and makes repositories, which it does not
/// do when something is pushed.
/// </summary>
public sealed class EcrCredentials : IDisposable
{
    private const string Target = "AmazonEC2ContainerRegistry_V20150921", ContentType = "application/x-amz-json-1.1", Service = "ecr";

    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly EcrOptions options;
    private readonly Uri address;
    private readonly StorageHttp http;
    private (RegistryCredentials Credentials, DateTimeOffset Until)? known;

    /// <exception cref="ImageException">The endpoint is no address.</exception>
    public EcrCredentials(EcrOptions options)
    {
        this.options = options;
        var domain = options.Region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";
        var host = options.IsFips ? $"ecr-fips.{options.Region}.{domain}" : $"api.ecr.{options.Region}.{domain}";
        try
        {
            address = StorageConnections.ParseAddress(options.Endpoint ?? $"https://{host}", "endpoint");
        }
        catch (ObjectStorageException e)
        {
            throw new ImageException(e.Message, isPassing: false, e);
        }
        http = new StorageHttp($"the registry of the account '{options.Account}' in {options.Region}", address.Authority, options.Limits);
    }

    /// <summary>A name and a password that hold for ten minutes at least.</summary>
    /// <exception cref="ImageException">There are none to be had.</exception>
    public async Task<RegistryCredentials> GetAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (known is { } current && current.Until - Margin > options.Time.GetUtcNow())
                return current.Credentials;
            var (_, body) = await CallAsync("GetAuthorizationToken", new Dictionary<string, object> { ["registryIds"] = new[] { options.Account } }, cancellationToken);
            known = Read(body);
            return known.Value.Credentials;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Makes a repository unless there is one of that name.</summary>
    /// <exception cref="ImageException">It cannot be made.</exception>
    public async Task EnsureRepositoryAsync(string repository, CancellationToken cancellationToken) =>
        await CallAsync(
            "CreateRepository",
            new Dictionary<string, object> { ["registryId"] = options.Account, ["repositoryName"] = repository, ["imageTagMutability"] = "MUTABLE" },
            cancellationToken,
            "RepositoryAlreadyExistsException");

    public void Dispose()
    {
        http.Dispose();
        gate.Dispose();
    }

    private static (RegistryCredentials, DateTimeOffset) Read(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var data = document.RootElement.GetProperty("authorizationData")[0];
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(data.GetProperty("authorizationToken").GetString()!)).Split(':', 2);
            var until = DateTimeOffset.UnixEpoch.AddSeconds(data.GetProperty("expiresAt").GetDouble());
            return (new RegistryCredentials(text[0], text[1]), until);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new ImageException("What Amazon's registry answered holds no password. Is the endpoint right?", isPassing: false, e);
        }
    }

    /// <param name="harmless">The name of an error that is none.</param>
    private async Task<(string? Code, string Body)> CallAsync(string action, Dictionary<string, object> parameters, CancellationToken cancellationToken, string? harmless = null)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(parameters);
        try
        {
            using var answer = await http.SendAsync(CreateRequest, found => Judge(found, harmless), cancellationToken);
            return (null, answer.Text);
        }
        catch (ObjectStorageException e)
        {
            throw new ImageException(e.Message, e.IsPassing, e);
        }

        HttpRequestMessage CreateRequest()
        {
            var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
            request.Headers.TryAddWithoutValidation("X-Amz-Target", $"{Target}.{action}");
            AwsSignature.Sign(request, body, options.Region, Service, options.KeyId, options.KeySecret, options.SessionToken, options.Time.GetUtcNow());
            return request;
        }
    }

    private ObjectStorageException? Judge(StorageAnswer answer, string? harmless)
    {
        if (answer.IsSuccess)
            return null;
        var (code, words) = ReadError(answer.Text);
        if (code is not null && code == harmless)
            return null;
        var said = words.Length > 0 ? $" It says: {words}" : "";
        var where = $"Amazon's registry in {options.Region}";
        return code switch
        {
            "UnrecognizedClientException" or "InvalidSignatureException" or "InvalidClientTokenId" or "SignatureDoesNotMatch" =>
                new($"{where} does not accept the key '{options.KeyId}'. Check the connection's keyID and keySecret.{said}", isPassing: false),
            "ExpiredTokenException" => new($"The session of the key '{options.KeyId}' has expired; make a new one.{said}", isPassing: false),
            "AccessDeniedException" => new($"The key '{options.KeyId}' may not do this in {where}: it needs ecr:GetAuthorizationToken, ecr:CreateRepository and the rights to push and pull.{said}", isPassing: false),
            _ when StorageHttp.IsPassing(answer.Status) || code == "ThrottlingException" =>
                new($"{where} could not answer now ({answer.Status}).{said}", isPassing: true) { RetryAfter = answer.RetryAfter },
            _ => new($"{where} refused with the status {answer.Status}{(code is null ? "" : $" ({code})")}.{said}", isPassing: false),
        };
    }

    private static (string? Code, string Words) ReadError(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            var type = root.TryGetProperty("__type", out var one) ? one.GetString() : null;
            var words = root.TryGetProperty("message", out var lower) ? lower.GetString() : root.TryGetProperty("Message", out var upper) ? upper.GetString() : null;
            // Some servers write the name of the shape before it.
            return (type?.Split('#')[^1], words ?? "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, "");
        }
    }
}

using System.Buffers.Text;
using System.Globalization;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Odin.ObjectStorage;

/// <summary>
/// Exchanges assertions that are signed with the key of a service account for access tokens (RFC 7523, RS256). A token is
/// used until shortly before its end.
/// </summary>
internal sealed class GoogleServiceAccount : IDisposable
{
    private const string Scope = "https://www.googleapis.com/auth/devstorage.read_write";

    private static readonly TimeSpan AssertionLifetime = TimeSpan.FromHours(1), LongestMargin = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly RSA key = RSA.Create();
    private readonly string email, keyId;
    private readonly Uri address;
    private readonly StorageHttp http;
    private readonly TimeProvider time;
    private string? token;
    private DateTimeOffset renewal;

    /// <param name="json">The key file's text.</param>
    /// <exception cref="ObjectStorageException">It is no key of a service account; the message repeats nothing of it.</exception>
    public GoogleServiceAccount(string json, TransferLimits limits)
    {
        time = limits.Time;
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            email = Text(root, "client_email");
            keyId = root.TryGetProperty("private_key_id", out var id) ? id.GetString() ?? "" : "";
            address = StorageConnections.ParseAddress(Text(root, "token_uri"), "token_uri of the service account");
            key.ImportFromPem(Text(root, "private_key"));
        }
        catch (Exception e) when (e is JsonException or ArgumentException or CryptographicException or InvalidOperationException or KeyNotFoundException)
        {
            key.Dispose();
            throw new ObjectStorageException("The service account's key is not usable: it must be the whole JSON file that Google makes, with a private key in it.", isPassing: false);
        }
        if (address.Scheme != "https" && !address.IsLoopback)
            throw new ObjectStorageException("The token_uri of the service account must begin with https://.", isPassing: false);
        http = new StorageHttp($"the token server of {email}", address.Authority, limits);
    }

    /// <summary>A token that is good for some time yet.</summary>
    public async Task<string> GetTokenAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (token is null || time.GetUtcNow() >= renewal)
                await RenewAsync(cancellationToken);
            return token!;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The token was not accepted; the next call gets another one.</summary>
    public void Forget(string refused) => Interlocked.CompareExchange(ref token, null, refused);

    public void Dispose()
    {
        http.Dispose();
        key.Dispose();
        gate.Dispose();
    }

    private static string Text(JsonElement root, string name) =>
        root.GetProperty(name).GetString() is { Length: > 0 } text ? text : throw new ArgumentException(name);

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();
        // Signed anew for each attempt, as it says when.
        using var answer = await http.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, address)
            {
                Content = new FormUrlEncodedContent(
                [
                    new("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    new("assertion", CreateAssertion(time.GetUtcNow())),
                ]),
            },
            Refuse,
            cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            var lifetime = TimeSpan.FromSeconds(document.RootElement.GetProperty("expires_in").GetDouble());
            token = Text(document.RootElement, "access_token");
            renewal = asked + lifetime - (lifetime / 2 < LongestMargin ? lifetime / 2 : LongestMargin);
        }
        catch (Exception e) when (e is JsonException or ArgumentException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ObjectStorageException($"What the token server at '{address.Authority}' answered is no token. Is the token_uri of the service account right?", isPassing: false, e);
        }
    }

    private string CreateAssertion(DateTimeOffset now)
    {
        var header = Encode(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["alg"] = "RS256", ["typ"] = "JWT", ["kid"] = keyId }));
        var claims = Encode(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
        {
            ["iss"] = email,
            ["scope"] = Scope,
            ["aud"] = address.OriginalString,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + AssertionLifetime).ToUnixTimeSeconds(),
        }));
        var signature = key.SignData(Encoding.ASCII.GetBytes($"{header}.{claims}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{header}.{claims}.{Encode(signature)}";
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    private ObjectStorageException? Refuse(StorageAnswer answer)
    {
        if (answer.IsSuccess)
            return null;
        var (code, words) = GcsRefusals.Parse(answer);
        var remedy = code switch
        {
            "invalid_grant" when words.Contains("signature", StringComparison.OrdinalIgnoreCase) =>
                "the private key is not (or no longer) one of this account; make a new key.",
            "invalid_grant" when words.Contains("timeframe", StringComparison.OrdinalIgnoreCase) || words.Contains("iat", StringComparison.Ordinal) =>
                "the clocks of this machine and the server differ too much; set the clock.",
            "invalid_grant" or "invalid_client" => "the account is not known, or was disabled or deleted; make a new key of an account that exists.",
            _ when answer.Status is >= 300 and < 400 => StorageConnections.RedirectWords(null),
            _ => "no token was given for it.",
        };
        return new ObjectStorageException(
            string.Create(CultureInfo.InvariantCulture, $"The service account '{email}': {remedy} The server at '{address.Authority}' said {answer.Status} {code}: {words}"),
            StorageHttp.IsPassing(answer.Status))
        {
            RetryAfter = answer.RetryAfter,
        };
    }
}

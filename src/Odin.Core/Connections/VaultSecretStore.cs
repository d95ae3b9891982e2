using System.Globalization;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.ObjectStorage;

namespace Odin.Connections;

/// <summary>
/// Keeps secrets in HashiCorp Vault, by the interface of its KV engine, version 2. What is stored with the connection names the
/// version that was written: a connection and its secrets always fit, whoever writes at the same time.
/// </summary>
public sealed class VaultSecretStore : ISecretStore, IDisposable
{
    private const string Scheme = "vault";

    // More than an engine is told to keep; by itself it keeps ten.
    private const int MostVersions = 1000;
    private readonly VaultOptions options;
    private readonly Uri address;
    private readonly StorageHttp http;

    /// <exception cref="ObjectStorageException">The address is none.</exception>
    public VaultSecretStore(VaultOptions options)
        : this(options, TransferLimits.Default)
    {
    }

    internal VaultSecretStore(VaultOptions options, TransferLimits limits)
    {
        this.options = options;
        address = StorageConnections.ParseAddress(options.Address.TrimEnd('/') + "/", "address of the vault");
        http = new StorageHttp("the vault", address.Authority, limits);
    }

    public async Task<string> SealAsync(string id, ConnectionSecrets secrets, CancellationToken cancellationToken)
    {
        var data = new JsonObject();
        Add(data, "password", secrets.Password);
        Add(data, "keyID", secrets.KeyId);
        Add(data, "keySecret", secrets.KeySecret);
        var answer = await AskAsync(HttpMethod.Post, "data", id, "", new JsonObject { ["data"] = data }, cancellationToken);
        var version = answer?["data"]?["version"]?.GetValue<int>()
            ?? throw new SecretsUnavailableException($"The vault has not said which version of the secrets of '{id}' it has written: is '{options.Mount}' a secrets engine of the kind KV, version 2?");
        return MarkOf(version);
    }

    public async Task<ConnectionSecrets> OpenAsync(string id, string @sealed, CancellationToken cancellationToken)
    {
        if (VersionOf(@sealed) is not { } version)
            throw new SecretsUnavailableException($"The secrets of connection '{id}' are not in the vault; give them again, or go on without the vault's settings.");
        var answer = await AskAsync(HttpMethod.Get, "data", id, $"?version={version}", null, cancellationToken);
        if (answer?["data"]?["data"] is not JsonObject data)
            throw new SecretsUnavailableException($"The secrets of connection '{id}' are gone from the vault (version {version} of '{PathOf("data", id)}'): restore them there, or give them again.");
        try
        {
            return new ConnectionSecrets(Read(data, "password"), Read(data, "keyID"), Read(data, "keySecret"));
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new SecretsUnavailableException($"What the vault has at '{PathOf("data", id)}' is not what was written there: somebody has changed it. Give the secrets again.", e);
        }
    }

    // Not the whole entry: a connection that was given the same id meanwhile has its secrets in a later version of it.
    public async Task ForgetAsync(string id, string @sealed, CancellationToken cancellationToken)
    {
        if (VersionOf(@sealed) is not { } last)
            return;
        await DestroyAsync(id, Math.Max(1, last - MostVersions + 1), last, cancellationToken);
    }

    public async Task TakeBackAsync(string id, string @sealed, CancellationToken cancellationToken)
    {
        if (VersionOf(@sealed) is { } version)
            await DestroyAsync(id, version, version, cancellationToken);
    }

    public async Task<string?> FindLastAsync(string id, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(HttpMethod.Get, "metadata", id, "", null, cancellationToken);
        return answer?["data"]?["current_version"]?.GetValue<int>() is > 0 and var version ? MarkOf(version) : null;
    }

    public void Dispose() => http.Dispose();

    private static string MarkOf(int version) => string.Create(CultureInfo.InvariantCulture, $"{Scheme}.{version}");

    // Null: it was sealed by something else.
    private static int? VersionOf(string @sealed) =>
        @sealed.Split('.') is [Scheme, var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    private static void Add(JsonObject data, string name, byte[]? value)
    {
        // They are bytes, and the vault keeps texts.
        if (value is { Length: > 0 })
            data[name] = Convert.ToBase64String(value);
    }

    private static byte[]? Read(JsonObject data, string name) => data[name] is { } value ? Convert.FromBase64String(value.GetValue<string>()) : null;

    private async Task DestroyAsync(string id, int first, int last, CancellationToken cancellationToken)
    {
        var versions = new JsonArray([.. Enumerable.Range(first, last - first + 1).Select(v => (JsonNode)v)]);
        await AskAsync(HttpMethod.Put, "destroy", id, "", new JsonObject { ["versions"] = versions }, cancellationToken);
    }

    private string PathOf(string kind, string id) => $"v1/{options.Mount.Trim('/')}/{kind}/{options.Path.Trim('/')}/{Uri.EscapeDataString(id)}";

    // Null: there is nothing there.
    private async Task<JsonNode?> AskAsync(HttpMethod method, string kind, string id, string query, JsonObject? body, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.SendAsync(Request, Judge, cancellationToken);
            var text = answer.Text;
            return answer.Status == 404 || text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (Exception e) when (e is ObjectStorageException or JsonException)
        {
            throw new SecretsUnavailableException($"The secrets of connection '{id}' cannot be had: {e.Message}", e);
        }

        HttpRequestMessage Request()
        {
            var message = new HttpRequestMessage(method, new Uri(address, PathOf(kind, id) + query));
            message.Headers.Add("X-Vault-Token", options.Token);
            message.Headers.Add("X-Vault-Request", "true");
            if (options.Namespace is { } area)
                message.Headers.Add("X-Vault-Namespace", area);
            if (body is not null)
                message.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            return message;
        }

        ObjectStorageException? Judge(StorageAnswer answer) => answer.IsSuccess || (answer.Status == 404 && method != HttpMethod.Post) ? null : new ObjectStorageException(
            answer.Status switch
            {
                403 => $"the vault does not let us {method.Method.ToLowerInvariant()} '{PathOf(kind, id)}'. Is the token good, and does its policy allow it?",
                404 => $"the vault has no secrets engine at '{options.Mount}'",
                503 => "the vault is sealed or stands by",
                _ => $"the vault answered {answer.Status}",
            },
            StorageHttp.IsPassing(answer.Status));
    }
}

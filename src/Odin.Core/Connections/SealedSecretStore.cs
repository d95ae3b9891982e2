using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Odin.Connections;

/// <summary>
/// Keeps secrets beside the connection, sealed with AES-256-GCM: <c>v1.{key id}.{base64 of nonce, text and tag}</c>. The id of
/// the connection is part of what is sealed, so that nobody can move the secrets of one to another.
/// </summary>
public sealed class SealedSecretStore(SecretKeyRing keys) : ISecretStore
{
    private const string Version = "v1";
    private static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize, TagBytes = AesGcm.TagByteSizes.MaxSize;

    /// <summary>Whether it is sealed with the newest key.</summary>
    public bool IsCurrent(string @sealed) => @sealed.Split('.') is [Version, var key, _] && key == keys.Current.Id;

    public Task<string> SealAsync(string id, ConnectionSecrets secrets, CancellationToken cancellationToken)
    {
        var key = keys.Current;
        var text = JsonSerializer.SerializeToUtf8Bytes(secrets, ConnectionJson.Default.ConnectionSecrets);
        var blob = new byte[NonceBytes + text.Length + TagBytes];
        var nonce = blob.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key.Key, TagBytes);
        cipher.Encrypt(nonce, text, blob.AsSpan(NonceBytes, text.Length), blob.AsSpan(NonceBytes + text.Length), Encoding.UTF8.GetBytes(id));
        CryptographicOperations.ZeroMemory(text);
        return Task.FromResult($"{Version}.{key.Id}.{Convert.ToBase64String(blob)}");
    }

    public Task<ConnectionSecrets> OpenAsync(string id, string @sealed, CancellationToken cancellationToken)
    {
        if (@sealed.Split('.') is not [Version, var keyId, var body])
            throw new SecretsUnavailableException($"The secrets of connection '{id}' are kept somewhere else than here; see the settings of connections.");
        var key = keys.Find(keyId)
            ?? throw new SecretsUnavailableException($"The secrets of connection '{id}' are sealed with the key '{keyId}', which is not here: put it back from a backup, or give the secrets again.");
        try
        {
            var blob = Convert.FromBase64String(body);
            var text = new byte[blob.Length - NonceBytes - TagBytes];
            using var cipher = new AesGcm(key.Key, TagBytes);
            cipher.Decrypt(blob.AsSpan(0, NonceBytes), blob.AsSpan(NonceBytes, text.Length), blob.AsSpan(NonceBytes + text.Length), text, Encoding.UTF8.GetBytes(id));
            var secrets = JsonSerializer.Deserialize(text, ConnectionJson.Default.ConnectionSecrets)!;
            CryptographicOperations.ZeroMemory(text);
            return Task.FromResult(secrets);
        }
        catch (Exception e) when (e is FormatException or CryptographicException or OverflowException or JsonException)
        {
            throw new SecretsUnavailableException($"The secrets of connection '{id}' cannot be opened: somebody has changed them, or the key '{keyId}'. Give them again.", e);
        }
    }

    public Task<string?> FindLastAsync(string id, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    public Task TakeBackAsync(string id, string @sealed, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task ForgetAsync(string id, string @sealed, CancellationToken cancellationToken) => Task.CompletedTask;
}

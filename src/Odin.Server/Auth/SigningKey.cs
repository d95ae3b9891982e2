using System.Security.Cryptography;
using System.Text;
using Odin.Server.Hosting;

namespace Odin.Server.Auth;

/// <summary>The secret that tokens are signed with.</summary>
internal sealed class SigningKey(byte[] bytes)
{
    /// <summary>The file in the data directory that keeps a generated key.</summary>
    public const string FileName = "signing-key";

    /// <summary>A shorter key could be guessed from a token.</summary>
    public const int LeastBytes = 32;

    public byte[] Bytes { get; } = bytes;

    /// <summary>The UTF-8 text of the setting, or a random key that is kept in the data directory.</summary>
    public static SigningKey Load(string? secret, string dataDirectory)
    {
        if (!string.IsNullOrEmpty(secret))
            return new SigningKey(Encoding.UTF8.GetBytes(secret));

        var path = Path.Combine(dataDirectory, FileName);
        if (File.Exists(path))
        {
            var kept = File.ReadAllBytes(path);
            if (kept.Length >= LeastBytes)
                return new SigningKey(kept);
        }
        var key = RandomNumberGenerator.GetBytes(LeastBytes);
        PrivateFile.Write(path, key);
        return new SigningKey(key);
    }
}

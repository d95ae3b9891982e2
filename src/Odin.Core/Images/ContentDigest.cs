using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Odin.Images;

/// <summary>Names of content: <c>sha256:</c> and 64 hexadecimal digits.</summary>
internal static partial class ContentDigest
{
    private const string Sha256 = "sha256:", Sha512 = "sha512:";

    public static string Of(ReadOnlySpan<byte> content) => Sha256 + Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>The digest of the content by the same algorithm as the other.</summary>
    public static string Like(string digest, ReadOnlySpan<byte> content)
    {
        using var hash = Begin(digest);
        hash.AppendData(content);
        return End(hash);
    }

    /// <summary>A hash by the algorithm of a digest, or SHA-256.</summary>
    public static IncrementalHash Begin(string? digest = null) =>
        IncrementalHash.CreateHash(digest?.StartsWith(Sha512, StringComparison.Ordinal) == true ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);

    /// <summary>The digest of what the hash got.</summary>
    public static string End(IncrementalHash hash) =>
        (hash.AlgorithmName == HashAlgorithmName.SHA512 ? Sha512 : Sha256) + Convert.ToHexStringLower(hash.GetHashAndReset());

    public static bool IsValid(string text) => Pattern().IsMatch(text);

    /// <summary>Only the hexadecimal digits; nothing in them can lead out of a directory.</summary>
    /// <exception cref="ImageException">It is no digest.</exception>
    public static string Hex(string digest) => Check(digest)[(digest.IndexOf(':') + 1)..];

    /// <exception cref="ImageException">It is no digest.</exception>
    public static string Check(string digest) => IsValid(digest) ? digest
        : throw new ImageException($"'{(digest.Length > 200 ? digest[..200] : digest)}' is no digest: one is 'sha256:' and 64 hexadecimal digits.", isPassing: false);

    [GeneratedRegex(@"\A(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\z")]
    private static partial Regex Pattern();
}

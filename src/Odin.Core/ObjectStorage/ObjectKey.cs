using System.Text;

namespace Odin.ObjectStorage;

/// <summary>
/// The rules for keys: parts with '/' between them, none of them empty, '.' or '..'; at most 1024 bytes of UTF-8; no control
/// characters. Every storage takes such a key as it is.
/// </summary>
public static class ObjectKey
{
    public const int MaxBytes = 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The order in which keys are listed: that of their UTF-8 bytes.</summary>
    public static IComparer<string> Order { get; } = Comparer<string>.Create(Compare);

    /// <summary>What is wrong with the key, as the end of a sentence; null: nothing.</summary>
    public static string? FindFlaw(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length == 0)
            return "is empty";
        return FindTextFlaw(key) ?? key.Split('/').Select(FindPartFlaw).FirstOrDefault(flaw => flaw is not null);
    }

    /// <summary>The same for what keys begin with: its last part may be anything, also nothing.</summary>
    public static string? FindPrefixFlaw(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return FindTextFlaw(prefix) ?? prefix.Split('/').SkipLast(1).Select(FindPartFlaw).FirstOrDefault(flaw => flaw is not null);
    }

    /// <exception cref="ObjectStorageException">It is no key.</exception>
    internal static void Check(string key)
    {
        if (FindFlaw(key) is { } flaw)
            throw new ObjectStorageException($"The key '{Printable(key)}' {flaw}.", isPassing: false);
    }

    /// <exception cref="ObjectStorageException">No key begins with it.</exception>
    internal static void CheckPrefix(string prefix)
    {
        if (FindPrefixFlaw(prefix) is { } flaw)
            throw new ObjectStorageException($"The prefix '{Printable(prefix)}' {flaw}.", isPassing: false);
    }

    private static string? FindTextFlaw(string text)
    {
        // Neither of the last two can stand in XML, which some servers list objects in.
        if (text.Any(c => char.IsControl(c) || c is '\uFFFE' or '\uFFFF'))
            return "holds a control character";
        try
        {
            return Strict.GetByteCount(text) > MaxBytes ? $"is longer than {MaxBytes} bytes" : null;
        }
        catch (EncoderFallbackException)
        {
            return "holds half a character";
        }
    }

    private static string? FindPartFlaw(string part) => part switch
    {
        "" => "begins or ends with '/', or has two of them together",
        "." or ".." => $"has the part '{part}'",
        _ => null,
    };

    private static string Printable(string text) =>
        new([.. text.Take(200).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)]);

    // UTF-16 puts characters beyond the first 65,536 before some of those within.
    private static int Compare(string? one, string? other)
    {
        var a = one.AsSpan();
        var b = other.AsSpan();
        var same = a.CommonPrefixLength(b);
        return same == a.Length || same == b.Length ? a.Length - b.Length : Rank(a[same]) - Rank(b[same]);

        static int Rank(char c) => char.IsSurrogate(c) ? c + 0x10000 : c;
    }
}

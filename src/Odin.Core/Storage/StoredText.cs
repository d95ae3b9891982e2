using System.Text;

namespace Odin.Storage;

/// <summary>
/// What may be an id, a parent or a phase, on every database alike: well-formed text without NUL (PostgreSQL keeps neither)
/// and short enough for an index entry.
/// </summary>
internal static class StoredText
{
    /// <summary>In bytes of UTF-8. PostgreSQL refuses index entries above some 2,700 bytes, and one holds an id and a parent.</summary>
    public const int MaxBytes = 1000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>False for text that no row can contain, so that a search for it need not ask the database.</summary>
    public static bool CanExist(string text)
    {
        if (text.Length > MaxBytes || text.Contains('\0'))
            return false;
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
                return false;
            i++;
        }
        return Strict.GetByteCount(text) <= MaxBytes;
    }

    /// <exception cref="ArgumentException">The write has a text that cannot be kept.</exception>
    public static void Check(ResourceWrite write)
    {
        if (write.Id.Length == 0)
            throw new ArgumentException($"A {write.Kind} needs an id.", nameof(write));
        Check(write, "id", write.Id);
        Check(write, "parent", write.Parent);
        Check(write, "phase", write.Phase);
    }

    /// <summary>Lower case for ASCII letters only, as <c>lower</c> does in SQLite and in PostgreSQL's collation "C".</summary>
    public static string ToLowerAscii(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
            span[i] = char.IsAsciiLetterUpper(source[i]) ? (char)(source[i] | 0x20) : source[i];
    });

    private static void Check(ResourceWrite write, string what, string? text)
    {
        if (text is not null && !CanExist(text))
        {
            throw new ArgumentException(
                $"The {what} of a {write.Kind} must be well-formed text of at most {MaxBytes} bytes without NUL characters.", nameof(write));
        }
    }
}

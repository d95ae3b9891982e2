using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Odin.Storage;

/// <summary>
/// The opaque text that leads from one page to the next: the direction and the key of the last item. It grants nothing
/// that a query could not ask for, so it is not signed; what does not parse is refused.
/// </summary>
internal static class ContinueToken
{
    private const string Ascending = "1a", Descending = "1d";

    // Four thirds of the longest id, and the rest.
    private const int MaxLength = StoredText.MaxBytes * 4 / 3 + 64;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Encode(SortKey last, bool descending) =>
        Base64Url.EncodeToString(Strict.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{(descending ? Descending : Ascending)}{last.Created}:{last.Id}")));

    /// <exception cref="InvalidQueryException">Not a token of ours, or one of a list in the other direction.</exception>
    public static SortKey Decode(string token, bool descending)
    {
        var text = token.Length <= MaxLength ? Decode(token) : null;
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0
            || !(text!.StartsWith(Ascending, StringComparison.Ordinal) || text.StartsWith(Descending, StringComparison.Ordinal))
            || !long.TryParse(text.AsSpan(2, colon - 2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var created)
            || !StoredText.CanExist(text[(colon + 1)..]))
        {
            throw new InvalidQueryException(
                "The value of 'continue' is not one that a list returned. Leave it out to start from the first page.", "continue");
        }
        if (text.StartsWith(Descending, StringComparison.Ordinal) != descending)
        {
            throw new InvalidQueryException(
                "The value of 'continue' belongs to a list in the other direction. Leave it out to start from the first page.", "continue");
        }
        return new SortKey(created, text[(colon + 1)..]);
    }

    private static string? Decode(string token)
    {
        try
        {
            return Base64Url.IsValid(token) ? Strict.GetString(Base64Url.DecodeFromChars(token)) : null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }
    }
}

namespace Odin.Server.Lifecycle;

/// <summary>Base64 as the inherited server reads it: the standard alphabet, with padding, line ends skipped; and its words.</summary>
internal static class GoBase64
{
    /// <summary>The bytes behind it.</summary>
    /// <param name="error">What is wrong, with the offset of the first byte that is; null: nothing.</param>
    public static byte[] Decode(string encoded, out string? error)
    {
        error = FindIllegal(encoded) is { } offset ? $"illegal base64 data at input byte {offset}" : null;
        return error is null ? Convert.FromBase64String(encoded) : [];
    }

    // Of a quantum that is cut short the place is its start.
    private static int? FindIllegal(string encoded)
    {
        var (inQuantum, start) = (0, 0);
        for (var i = 0; i < encoded.Length; i++)
        {
            var c = encoded[i];
            if (c is '\r' or '\n')
                continue;
            if (inQuantum == 0)
                start = i;
            if (c == '=')
                return inQuantum < 2 ? i : CheckPadding(encoded, i, missing: 4 - inQuantum);
            if (!(char.IsAsciiLetterOrDigit(c) || c is '+' or '/'))
                return i;
            inQuantum = (inQuantum + 1) % 4;
        }
        return inQuantum == 0 ? null : start;
    }

    private static int? CheckPadding(string encoded, int from, int missing)
    {
        var seen = 0;
        for (var i = from; i < encoded.Length; i++)
        {
            if (encoded[i] is '\r' or '\n')
                continue;
            if (encoded[i] != '=' || seen == missing)
                return i;
            seen++;
        }
        return seen == missing ? null : encoded.Length;
    }
}

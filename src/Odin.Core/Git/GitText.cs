using System.Text.RegularExpressions;

namespace Odin.Git;

/// <summary>Git's words, made fit for messages.</summary>
internal static partial class GitText
{
    private const int LinesShown = 4;

    /// <summary>The text without the user and password of any URL in it.</summary>
    public static string Redact(string text) => UserInfo().Replace(text, "$1***@");

    /// <summary>As <see cref="Redact(string)"/>, and without the password of the address wherever it stands.</summary>
    public static string Redact(string text, GitAddress address)
    {
        var password = address.Credential?.Password;
        if (!string.IsNullOrEmpty(password))
            text = text.Replace(password, "***", StringComparison.Ordinal).Replace(Uri.EscapeDataString(password), "***", StringComparison.Ordinal);
        return Redact(text);
    }

    /// <summary>One line that says what went wrong, out of all that git and its helpers printed.</summary>
    public static string Summarize(string errors)
    {
        var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.StartsWith("hint:", StringComparison.Ordinal) && !line.StartsWith("warning:", StringComparison.Ordinal))
            .ToList();
        // The cause stands near the end, after banners and progress, and before git's own parting words.
        var telling = lines.Where(line => !Chatter().IsMatch(line)).TakeLast(LinesShown).ToList();
        var text = string.Join("; ", telling.Count > 0 ? telling : lines.TakeLast(LinesShown));
        return text.Length switch
        {
            0 => "git gave no reason",
            > 600 => text[..600] + "…",
            _ => text.TrimEnd('.'),
        };
    }

    [GeneratedRegex(@"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@'""]*@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"^(Please (make sure|commit|move)|and the repository exists|To |error: failed to push some refs|Aborting|Done$|remote: (Enumerating|Counting|Compressing|Total)|[@*]+$)")]
    private static partial Regex Chatter();
}

using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Odin.Git;

/// <summary>What may name a commit. Nothing else reaches git, so that no name is read as an option or an expression.</summary>
public static partial class GitRevision
{
    /// <summary>What a refused revision should have looked like.</summary>
    public const string Remedy = "give a branch, a tag or a commit's SHA (letters, digits, '.', '_', '+', '-', '/'; at most 200)";

    /// <summary>Whether the text can be a branch, a tag or a SHA.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is not null && Name().IsMatch(text) && !text.Contains("..", StringComparison.Ordinal)
        && !text.Contains("//", StringComparison.Ordinal) && !text.EndsWith('/') && !text.EndsWith('.')
        && !text.Split('/').Any(part => part.StartsWith('.') || part.EndsWith(".lock", StringComparison.Ordinal));

    /// <summary>Whether the text can be the name of a branch.</summary>
    public static bool IsBranchName([NotNullWhen(true)] string? text) => IsValid(text) && text != "HEAD";

    /// <summary>Whether the text is a whole SHA-1 or SHA-256, so that it can name one commit only.</summary>
    public static bool IsFullSha([NotNullWhen(true)] string? text) => text is not null && FullSha().IsMatch(text);

    internal static bool IsHex(string text) => text.Length >= 4 && text.All(char.IsAsciiHexDigit);

    [GeneratedRegex(@"\A[A-Za-z0-9_+.][A-Za-z0-9._+/-]{0,199}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A([0-9a-f]{40}|[0-9a-f]{64})\z")]
    private static partial Regex FullSha();
}

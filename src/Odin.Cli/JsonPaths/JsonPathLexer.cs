using System.Globalization;
using System.Text;

namespace Odin.Cli.JsonPaths;

/// <summary>What a part of an expression is.</summary>
internal enum PathTokenKind
{
    /// <summary>A name, in quotes or not.</summary>
    Name,

    Number,
    Symbol,
    End,
}

/// <summary>A part of an expression.</summary>
/// <param name="IsQuoted">Whether a name stood in quotes.</param>
internal readonly record struct PathToken(PathTokenKind Kind, string Text, int Position, bool IsQuoted = false)
{
    public bool Is(string symbol) => Kind == PathTokenKind.Symbol && Text == symbol;
}

/// <summary>Cuts an expression into its parts.</summary>
internal static class JsonPathLexer
{
    // Longer ones first.
    private static readonly string[] Symbols =
        ["..", "==", "!=", "<=", ">=", "=~", "&&", "||", "$", "@", "*", ".", ",", ":", "|", "[", "]", "(", ")", "?", "<", ">", "=", "!", "-"];

    public static List<PathToken> Read(string expression)
    {
        var tokens = new List<PathToken>();
        for (var at = 0; at < expression.Length;)
        {
            var c = expression[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
                continue;
            }
            var token = c is '\'' or '"' ? Quoted(expression, at)
                : char.IsAsciiDigit(c) ? Taken(expression, at, PathTokenKind.Number, x => char.IsAsciiDigit(x))
                : IsNamePart(c) ? Taken(expression, at, PathTokenKind.Name, x => IsNamePart(x) || x == '-')
                : Symbols.FirstOrDefault(s => expression.AsSpan(at).StartsWith(s)) is { } symbol ? new PathToken(PathTokenKind.Symbol, symbol, at)
                : throw new JsonPathException(expression, at, $"there is no use for '{c}'");
            tokens.Add(token);
            at += token.IsQuoted ? QuotedLength(expression, at) : token.Text.Length;
        }
        tokens.Add(new PathToken(PathTokenKind.End, "", expression.Length));
        return tokens;
    }

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c == '_' || char.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark;

    private static PathToken Taken(string expression, int start, PathTokenKind kind, Func<char, bool> belongs)
    {
        var end = start;
        while (end < expression.Length && belongs(expression[end]))
            end++;
        return new PathToken(kind, expression[start..end], start);
    }

    private static PathToken Quoted(string expression, int start)
    {
        var (text, end) = (new StringBuilder(), start + QuotedLength(expression, start) - 1);
        for (var i = start + 1; i < end; i++)
        {
            if (expression[i] == '\\')
                i++;
            text.Append(expression[i]);
        }
        return new PathToken(PathTokenKind.Name, text.ToString(), start, IsQuoted: true);
    }

    private static int QuotedLength(string expression, int start)
    {
        for (var i = start + 1; i < expression.Length; i++)
        {
            if (expression[i] == '\\' && i + 1 < expression.Length)
                i++;
            else if (expression[i] == expression[start])
                return i - start + 1;
        }
        throw new JsonPathException(expression, start, "a quotation mark has no second one");
    }
}

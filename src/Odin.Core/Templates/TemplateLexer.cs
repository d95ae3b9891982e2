using System.Globalization;
using System.Text;

namespace Odin.Templates;

internal enum TokenKind
{
    /// <summary>Text that is copied.</summary>
    Text,
    OutputBegin,
    OutputEnd,
    StatementBegin,
    StatementEnd,
    Name,
    Literal,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Value">The text, the name, the operator, or the digits.</param>
internal readonly record struct Token(TokenKind Kind, string Value, TemplatePosition Position);

/// <summary>Cuts a template into tokens: text, and the words inside <c>{{ }}</c> and <c>{% %}</c>. Comments and raw blocks end here.</summary>
internal sealed class TemplateLexer
{
    private static readonly string[] Operators = ["//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "|"];

    private readonly string text;
    private readonly List<Token> tokens = [];
    private readonly List<int> lineStarts = [0];
    private int position;
    private bool trimNext;

    private TemplateLexer(string text)
    {
        this.text = text;
        for (var i = text.IndexOf('\n', StringComparison.Ordinal); i >= 0; i = text.IndexOf('\n', i + 1))
            lineStarts.Add(i + 1);
    }

    public static List<Token> Read(string text)
    {
        // One line break at the end belongs to the file, not to the text.
        var content = text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        var lexer = new TemplateLexer(content);
        while (lexer.position < content.Length)
            lexer.ReadTextAndTag();
        lexer.Add(TokenKind.End, "", content.Length);
        return lexer.tokens;
    }

    private void ReadTextAndTag()
    {
        var start = NextTag(position);
        AddText(position, start, trimEnd: start + 2 < text.Length && text[start + 2] == '-');
        if (start >= text.Length)
        {
            position = text.Length;
            return;
        }
        position = start + 2;
        if (position < text.Length && text[position] is '-' or '+')
            position++;
        switch (text[start + 1])
        {
            case '#':
                var end = text.IndexOf("#}", position, StringComparison.Ordinal);
                if (end < 0)
                    throw Error(start, "The comment \"{#\" is not closed; write \"#}\" at its end.");
                trimNext = text[end - 1] == '-' && end > position;
                position = end + 2;
                break;
            case '{':
                Add(TokenKind.OutputBegin, "{{", start);
                ReadWords(start, "}}", TokenKind.OutputEnd);
                break;
            default:
                if (TryReadRaw(start))
                    break;
                Add(TokenKind.StatementBegin, "{%", start);
                ReadWords(start, "%}", TokenKind.StatementEnd);
                break;
        }
    }

    private int NextTag(int from)
    {
        for (var i = text.IndexOf('{', from); i >= 0 && i + 1 < text.Length; i = text.IndexOf('{', i + 1))
        {
            if (text[i + 1] is '{' or '%' or '#')
                return i;
        }
        return text.Length;
    }

    private void AddText(int start, int end, bool trimEnd)
    {
        var piece = text.AsSpan(start, end - start);
        if (trimNext)
            piece = piece.TrimStart();
        if (trimEnd)
            piece = piece.TrimEnd();
        trimNext = false;
        if (!piece.IsEmpty)
            Add(TokenKind.Text, piece.ToString(), start);
    }

    /// <summary>Everything between <c>{% raw %}</c> and <c>{% endraw %}</c> is text.</summary>
    private bool TryReadRaw(int start)
    {
        if (!TryReadWordTag(position, "raw", out var content, out var trimStart))
            return false;
        for (var i = text.IndexOf("{%", content, StringComparison.Ordinal); i >= 0; i = text.IndexOf("{%", i + 2, StringComparison.Ordinal))
        {
            var inside = i + 2 < text.Length && text[i + 2] is '-' or '+' ? i + 3 : i + 2;
            if (!TryReadWordTag(inside, "endraw", out var after, out var trimAfter))
                continue;
            trimNext = trimStart;
            AddText(content, i, trimEnd: text[i + 2] == '-');
            trimNext = trimAfter;
            position = after;
            return true;
        }
        throw Error(start, "The block \"raw\" is not closed; write \"{% endraw %}\" at its end.");
    }

    private bool TryReadWordTag(int from, string word, out int end, out bool trim)
    {
        end = SkipSpace(from);
        trim = false;
        if (end > text.Length || string.CompareOrdinal(text, end, word, 0, word.Length) != 0)
            return false;
        end = SkipSpace(end + word.Length);
        trim = end < text.Length && text[end] == '-';
        if (trim)
            end++;
        if (string.CompareOrdinal(text, end, "%}", 0, 2) != 0)
            return false;
        end += 2;
        return true;
    }

    private int SkipSpace(int from)
    {
        while (from < text.Length && char.IsWhiteSpace(text[from]))
            from++;
        return from;
    }

    private void ReadWords(int start, string close, TokenKind end)
    {
        var open = 0;
        while (true)
        {
            position = SkipSpace(position);
            if (position >= text.Length)
                throw Error(start, $"\"{text.AsSpan(start, 2)}\" is not closed; write \"{close}\" at its end.");
            var isTrimmed = text[position] is '-' or '+' && string.CompareOrdinal(text, position + 1, close, 0, 2) == 0;
            if (open == 0 && (isTrimmed || string.CompareOrdinal(text, position, close, 0, 2) == 0))
            {
                trimNext = isTrimmed && text[position] == '-';
                Add(end, close, position);
                position += isTrimmed ? 3 : 2;
                return;
            }
            var word = ReadWord();
            open += word switch { "{" or "[" or "(" => 1, "}" or "]" or ")" => -1, _ => 0 };
        }
    }

    /// <summary>Reads one word and returns it if it is an operator.</summary>
    private string? ReadWord()
    {
        var start = position;
        var c = text[position];
        if (c is '"' or '\'')
        {
            ReadText(c);
            return null;
        }
        if (char.IsAsciiDigit(c))
        {
            ReadNumber();
            return null;
        }
        if (c == '_' || char.IsLetter(c))
        {
            while (position < text.Length && (text[position] == '_' || char.IsLetterOrDigit(text[position])))
                position++;
            Add(TokenKind.Name, text[start..position], start);
            return null;
        }
        foreach (var candidate in Operators)
        {
            if (string.CompareOrdinal(text, position, candidate, 0, candidate.Length) != 0)
                continue;
            position += candidate.Length;
            Add(TokenKind.Operator, candidate, start);
            return candidate;
        }
        throw Error(start, $"Unexpected character \"{c}\".");
    }

    private void ReadNumber()
    {
        var start = position;
        SkipDigits();
        var isFloat = false;
        if (position + 1 < text.Length && text[position] == '.' && char.IsAsciiDigit(text[position + 1]))
        {
            isFloat = true;
            position++;
            SkipDigits();
        }
        var exponent = position + 1;
        if (exponent < text.Length && text[exponent] is '+' or '-')
            exponent++;
        if (position < text.Length && text[position] is 'e' or 'E' && exponent < text.Length && char.IsAsciiDigit(text[exponent]))
        {
            isFloat = true;
            position = exponent;
            SkipDigits();
        }
        Add(isFloat ? TokenKind.Float : TokenKind.Integer, text[start..position].Replace("_", "", StringComparison.Ordinal), start);
    }

    private void SkipDigits()
    {
        while (position < text.Length && (char.IsAsciiDigit(text[position]) || text[position] == '_'))
            position++;
    }

    private void ReadText(char quote)
    {
        var start = position++;
        var value = new StringBuilder();
        while (position < text.Length && text[position] != quote)
        {
            var c = text[position++];
            value.Append(c == '\\' && position < text.Length ? ReadEscape() : c.ToString());
        }
        if (position >= text.Length)
            throw Error(start, $"The text that begins here is not closed; write {quote} at its end.");
        position++;
        Add(TokenKind.Literal, value.ToString(), start);
    }

    private string ReadEscape()
    {
        var c = text[position++];
        switch (c)
        {
            case 'n':
                return "\n";
            case 't':
                return "\t";
            case 'r':
                return "\r";
            case '\\' or '\'' or '"':
                return c.ToString();
            case 'x' or 'u':
                var digits = c == 'x' ? 2 : 4;
                if (position + digits <= text.Length && int.TryParse(text.AsSpan(position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
                {
                    position += digits;
                    return ((char)code).ToString();
                }
                break;
        }
        return "\\" + c;
    }

    private void Add(TokenKind kind, string value, int index) => tokens.Add(new Token(kind, value, PositionOf(index)));

    private TemplateException Error(int index, string message) => new(PositionOf(index), message);

    private TemplatePosition PositionOf(int index)
    {
        var line = lineStarts.BinarySearch(index);
        line = line < 0 ? ~line - 1 : line;
        return new TemplatePosition(line + 1, index - lineStarts[line] + 1);
    }
}

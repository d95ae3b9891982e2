using System.Globalization;
using System.Text;

namespace Odin.Cli.Odahuflowctl.Output;

/// <summary>The lines of a YAML text as they are written, with PyYAML's rules for where a text is folded.</summary>
internal sealed class YamlLines
{
    private const int BestWidth = 80;

    private static readonly Dictionary<int, char> Escapes = new()
    {
        [0] = '0',
        [7] = 'a',
        [8] = 'b',
        [9] = 't',
        [10] = 'n',
        [11] = 'v',
        [12] = 'f',
        [13] = 'r',
        [0x1B] = 'e',
        ['"'] = '"',
        ['\\'] = '\\',
        [0x85] = 'N',
        [0xA0] = '_',
        [0x2028] = 'L',
        [0x2029] = 'P',
    };

    private readonly StringBuilder text = new();
    private int column;

    // Whether nothing but blanks and dashes stands on the line, and whether a blank came last.
    private bool isIndented = true, isSpaced = true;

    public override string ToString() => text.ToString();

    /// <summary>Goes to a column, on a new line unless only dashes stand before it.</summary>
    public void Begin(int indent)
    {
        if (!isIndented || column > indent || (column == indent && !isSpaced))
            BreakLine();
        if (column < indent)
        {
            text.Append(' ', indent - column);
            (column, isSpaced) = (indent, true);
        }
    }

    public void Dash() => Indicator("-", keepsIndent: true);

    public void Question() => Indicator("?", keepsIndent: true);

    public void Colon()
    {
        Append(":");
        isIndented = false;
    }

    public void Word(string word) => Indicator(word, keepsIndent: false);

    public void Scalar(string value, int indent, bool isKey)
    {
        switch (YamlScalar.StyleOf(value, isKey))
        {
            case YamlScalarStyle.Plain:
                Space();
                WritePlain(value, indent, canFold: !isKey);
                break;
            case YamlScalarStyle.SingleQuoted:
                Space();
                WriteSingleQuoted(value, indent, canFold: !isKey);
                break;
            default:
                Space();
                WriteDoubleQuoted([.. value.EnumerateRunes().Select(r => r.Value)], indent, canFold: !isKey);
                break;
        }
        isIndented = false;
    }

    private void Indicator(string indicator, bool keepsIndent)
    {
        Space();
        Append(indicator);
        isIndented &= keepsIndent;
    }

    private void Space()
    {
        if (!isSpaced)
            Append(" ");
    }

    private void Append(string piece)
    {
        text.Append(piece);
        column += piece.Length;
        isSpaced = piece.EndsWith(' ');
    }

    private void BreakLine()
    {
        text.Append('\n');
        (column, isIndented, isSpaced) = (0, true, true);
    }

    private void FoldTo(int indent)
    {
        Begin(indent);
        (isSpaced, isIndented) = (false, false);
    }

    private void WritePlain(string value, int indent, bool canFold)
    {
        for (var start = 0; start < value.Length;)
        {
            var end = EndOfRun(value, start);
            if (value[start] == ' ' && end == start + 1 && column > BestWidth && canFold)
                FoldTo(indent);
            else
                Append(value[start..end]);
            start = end;
        }
        isSpaced = false;
    }

    private void WriteSingleQuoted(string value, int indent, bool canFold)
    {
        Append("'");
        for (var start = 0; start < value.Length;)
        {
            var end = EndOfRun(value, start);
            if (value[start] == '\n')
            {
                // One break is a blank to a reader: what is a break doubles the first.
                BreakLine();
                for (var i = start; i < end; i++)
                    BreakLine();
                Begin(indent);
            }
            else if (value[start] == ' ' && end == start + 1 && column > BestWidth && canFold && start > 0 && end < value.Length)
            {
                Begin(indent);
            }
            else
            {
                Append(value[start..end].Replace("'", "''", StringComparison.Ordinal));
            }
            start = end;
        }
        Append("'");
    }

    private void WriteDoubleQuoted(int[] value, int indent, bool canFold)
    {
        Append("\"");
        var start = 0;
        for (var end = 0; end <= value.Length; end++)
        {
            var c = end < value.Length ? value[end] : -1;
            if (c is < ' ' or > '~' or '"' or '\\')
            {
                Append(Text(value, start, end));
                start = end;
                if (c >= 0)
                {
                    Append(Escape(c));
                    start = end + 1;
                }
            }
            if (end <= 0 || end >= value.Length - 1 || (c != ' ' && start < end) || column + end - start <= BestWidth || !canFold)
                continue;
            Append((start < end ? Text(value, start, end) : "") + "\\");
            start = Math.Max(start, end);
            FoldTo(indent);
            if (value[start] == ' ')
                Append("\\");
        }
        Append("\"");
    }

    private static string Text(int[] value, int start, int end) =>
        start >= end ? "" : string.Concat(value[start..end].Select(char.ConvertFromUtf32));

    private static string Escape(int c) => Escapes.TryGetValue(c, out var letter) ? $"\\{letter}" : c switch
    {
        <= 0xFF => string.Create(CultureInfo.InvariantCulture, $"\\x{c:X2}"),
        <= 0xFFFF => string.Create(CultureInfo.InvariantCulture, $"\\u{c:X4}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"\\U{c:X8}"),
    };

    // Of blanks, of line breaks, or of anything else.
    private static int EndOfRun(string value, int start)
    {
        var kind = Kind(value[start]);
        var end = start + 1;
        while (end < value.Length && Kind(value[end]) == kind)
            end++;
        return end;
    }

    private static int Kind(char c) => c == ' ' ? 1 : c == '\n' ? 2 : 0;
}

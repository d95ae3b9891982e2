using System.Text.Json;
using Odin.Predictor.Calls;

namespace Odin.Predictor.Invocations;

/// <summary>What is found by going once over an array of rows: how many, how long, which kinds of values in which column.</summary>
internal sealed class RowScan
{
    // More of the same mistake help nobody.
    private const int MostExamples = 5;

    private readonly List<(int Row, int Width)> odd = [];
    private readonly List<(int Row, JsonTokenType Type)> foreign = [];
    private ValueKinds[] kinds = [];
    private int oddCount;

    /// <summary>Rows, the wrong ones as well.</summary>
    public int Count { get; private set; }

    /// <summary>Values in the first row; -1 without any.</summary>
    public int Width { get; private set; } = -1;

    /// <summary>For each column of the first row.</summary>
    public ValueKinds[] Kinds => kinds;

    /// <summary>Where the rows begin and end in the text, without the brackets around all of them.</summary>
    public Range Slice { get; private set; }

    /// <summary>Reads the array at whose begin the reader stands.</summary>
    public static RowScan Read(ref Utf8JsonReader reader)
    {
        var scan = new RowScan();
        var start = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            scan.Count++;
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                scan.ReadRow(ref reader);
                continue;
            }
            if (scan.foreign.Count < MostExamples)
                scan.foreign.Add((scan.Count, reader.TokenType));
            reader.Skip();
        }
        scan.Slice = start..(int)reader.TokenStartIndex;
        return scan;
    }

    /// <summary>What is wrong with the form of the rows.</summary>
    /// <param name="width">How many values each must have; null: as many as the first.</param>
    /// <param name="because">Why that many: <c>for 2 columns</c>.</param>
    public IEnumerable<string> Errors(int? width, string because)
    {
        foreach (var (row, type) in foreign)
            yield return $"Row {row} is {Word(type)}; each row must be an array of values, as in \"data\": [[1, 2], [3, 4]].";
        if (Width < 0)
            yield break;
        if (width is { } wanted && Width != wanted && oddCount == 0)
        {
            yield return Count == 1
                ? $"Row 1 has {Values(Width)} {because}."
                : $"All {Count} rows have {Values(Width)} {because}.";
            yield break;
        }
        if (width is { } right && Width != right)
            yield return $"Row 1 has {Values(Width)} {because}.";
        foreach (var (row, found) in odd.Where(o => o.Width != width))
            yield return $"Row {row} has {Values(found)} {(width is null ? $"where row 1 has {Width}" : because)}.";
        if (oddCount > odd.Count)
            yield return $"So have {oddCount - odd.Count} more rows.";
    }

    /// <summary>Rows and columns, both counted from 0, where a value of these kinds stands.</summary>
    public static List<(int Row, int Column, string Text)> Find(ReadOnlySpan<byte> rows, Func<int, ValueKinds> wanted, out int more)
    {
        var found = new List<(int, int, string)>();
        more = 0;
        var reader = new Utf8JsonReader(rows);
        reader.Read();
        for (var row = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; row++)
        {
            for (var column = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; column++)
            {
                if ((KindOf(ref reader) & wanted(column)) == 0)
                    reader.Skip();
                else if (found.Count == MostExamples)
                {
                    more++;
                    reader.Skip();
                }
                else
                    found.Add((row, column, Show(ref reader)));
            }
        }
        return found;
    }

    private static string Show(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            var word = Word(reader.TokenType);
            reader.Skip();
            return word;
        }
        var text = reader.GetString()!;
        return $"\"{(text.Length > 40 ? $"{text[..40]}…" : text)}\"";
    }

    private static ValueKinds KindOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0 ? ValueKinds.Integer : ValueKinds.Fraction,
        JsonTokenType.String => ValueKinds.Text,
        JsonTokenType.True or JsonTokenType.False => ValueKinds.Truth,
        JsonTokenType.Null => ValueKinds.Missing,
        _ => ValueKinds.Nested,
    };

    private static string Word(JsonTokenType type) => type switch
    {
        JsonTokenType.Number => "a number",
        JsonTokenType.String => "text",
        JsonTokenType.True or JsonTokenType.False => "a truth value",
        JsonTokenType.Null => "null",
        JsonTokenType.StartArray => "an array",
        _ => "an object",
    };

    private static string Values(int count) => count == 1 ? "1 value" : $"{count} values";

    private void ReadRow(ref Utf8JsonReader reader)
    {
        var width = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; width++)
        {
            var kind = KindOf(ref reader);
            if (kind == ValueKinds.Nested)
                reader.Skip();
            if (Width < 0 && width == kinds.Length)
                Array.Resize(ref kinds, Math.Max(16, 2 * width));
            if (width < kinds.Length)
                kinds[width] |= kind;
        }
        if (Width < 0)
        {
            Width = width;
            Array.Resize(ref kinds, width);
        }
        else if (width != Width && ++oddCount <= MostExamples)
            odd.Add((Count, width));
    }
}

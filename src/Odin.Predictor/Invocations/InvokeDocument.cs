using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Odin.Predictor.Calls;
using Odin.Predictor.Models;

namespace Odin.Predictor.Invocations;

/// <summary>Reads <c>{"columns": […], "data": [[…], …]}</c>, and says all that is wrong with it at once.</summary>
internal static class InvokeDocument
{
    private const string Remedy = "Send an object such as {\"columns\": [\"a\", \"b\"], \"data\": [[1, 2], [3, 4]]}.";

    /// <summary>The rows as slices of the text, or what is wrong.</summary>
    public static (PredictionInput? Input, string? Error) Read(ReadOnlyMemory<byte> text, ColumnRules rules)
    {
        // As some editors begin their files.
        if (text.Span.StartsWith("\uFEFF"u8))
            text = text[3..];
        if (text.Span.TrimStart(" \t\r\n"u8).IsEmpty)
            return (null, $"Please provide data with this POST request. {Remedy}");
        if (!Utf8.IsValid(text.Span))
            return (null, $"Can not decode POST data using utf-8 charset: the byte at position {FirstInvalid(text.Span)} does not belong there.");
        try
        {
            return ReadObject(text, rules);
        }
        catch (JsonException e)
        {
            return (null, $"Can not parse input as JSON: {Place(e)}. {Remedy}");
        }
    }

    private static (PredictionInput?, string?) ReadObject(ReadOnlyMemory<byte> text, ColumnRules rules)
    {
        var reader = new Utf8JsonReader(text.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return (null, $"The body is JSON, but no object. {Remedy}");
        var errors = new List<string>();
        Range? columns = null;
        RowScan? rows = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("columns"u8))
                columns = ReadColumns(ref reader, errors);
            else if (reader.ValueTextEquals("data"u8))
                rows = ReadRows(ref reader, errors);
            else
                reader.Skip();
        }
        // What comes behind the object would be an error.
        reader.Read();
        return Check(text, columns, rows, errors, rules);
    }

    private static (PredictionInput?, string?) Check(ReadOnlyMemory<byte> text, Range? columns, RowScan? rows, List<string> errors, ColumnRules rules)
    {
        if (rows is null && errors.Count == 0)
            errors.Add($"Matrix is not provided: the object has no 'data'. {Remedy}");
        var layout = columns is { } slice ? rules.Of(text.Span[slice]) : rules.ByPosition;
        errors.AddRange(layout.Errors);
        if (rows is { Count: 0 })
            errors.Add("Matrix is not provided: 'data' has no row.");
        if (rows is { Count: > 0 })
        {
            errors.AddRange(rows.Errors(layout.Width, Because(layout.Width, columns is not null)));
            if (errors.Count == 0)
                errors.AddRange(TextForNumbers(text.Span[rows.Slice], rows, layout));
        }
        if (errors.Count > 0)
            return (null, string.Join(' ', errors));
        Unify(rows!.Kinds, layout);
        return (new PredictionInput(columns is { } named ? text[named] : default, text[rows.Slice], rows.Count, rows.Kinds), null);
    }

    private static string Because(int? width, bool isNamed) => isNamed
        ? $"for the {width} columns of 'columns'"
        : $"where the model takes {width} columns; without 'columns' they go by position";

    private static Range? ReadColumns(ref Utf8JsonReader reader, List<string> errors)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        var start = (int)reader.TokenStartIndex;
        var (isRight, count) = (reader.TokenType == JsonTokenType.StartArray, 0);
        if (isRight)
        {
            for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; count++)
            {
                isRight &= reader.TokenType == JsonTokenType.String;
                reader.Skip();
            }
        }
        else
            reader.Skip();
        if (!isRight)
            errors.Add("'columns' must be an array of names, such as [\"a\", \"b\"].");
        // An empty one is none, as for the inherited server.
        return isRight && count > 0 ? start..(int)reader.BytesConsumed : null;
    }

    private static RowScan? ReadRows(ref Utf8JsonReader reader, List<string> errors)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray)
            return RowScan.Read(ref reader);
        errors.Add(reader.TokenType == JsonTokenType.Null
            ? $"Matrix is not provided: 'data' is null. {Remedy}"
            : $"'data' must be an array of rows. {Remedy}");
        reader.Skip();
        return null;
    }

    private static List<string> TextForNumbers(ReadOnlySpan<byte> rows, RowScan scan, ColumnLayout layout)
    {
        bool IsNumber(int column) => column < layout.Columns.Count && layout.Columns[column]?.Type is "number" or "integer";
        const ValueKinds wrong = ValueKinds.Text | ValueKinds.Nested;
        var isWrong = false;
        for (var i = 0; i < scan.Kinds.Length; i++)
            isWrong |= IsNumber(i) && (scan.Kinds[i] & wrong) != 0;
        if (!isWrong)
            return [];
        var found = RowScan.Find([.. "["u8, .. rows, .. "]"u8], column => IsNumber(column) ? wrong : ValueKinds.None, out var more);
        var errors = found.Select(f => $"Row {f.Row + 1} has {f.Text} in column '{layout.Columns[f.Column]!.Name}', which must be a number.").ToList();
        if (more > 0)
            errors.Add($"So have {more.ToString(CultureInfo.InvariantCulture)} more places.");
        return errors;
    }

    // Where the sample has fractions, whole numbers become some: they make no difference for other rows.
    private static void Unify(ValueKinds[] kinds, ColumnLayout layout)
    {
        for (var i = 0; i < kinds.Length; i++)
        {
            if ((kinds[i] & (ValueKinds.Integer | ValueKinds.Fraction)) != 0 && i < layout.Columns.Count && layout.Columns[i]?.Type == "number")
                kinds[i] = (kinds[i] & ~ValueKinds.Integer) | ValueKinds.Fraction;
        }
    }

    /// <summary>Where some text is no JSON, and why, as people count.</summary>
    public static string Place(JsonException problem)
    {
        // The framework's text ends with the place in its own words.
        var text = problem.Message;
        var end = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture,
            $"line {problem.LineNumber + 1}, column {problem.BytePositionInLine + 1}: {(end < 0 ? text : text[..end]).TrimEnd('.', ' ')}");
    }

    private static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        var position = 0;
        while (System.Text.Rune.DecodeFromUtf8(text[position..], out _, out var count) == System.Buffers.OperationStatus.Done)
            position += count;
        return position;
    }
}

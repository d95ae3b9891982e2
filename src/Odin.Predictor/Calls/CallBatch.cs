using System.Text.Json;

namespace Odin.Predictor.Calls;

/// <summary>Calls whose rows go to the model together.</summary>
internal sealed class CallBatch(IReadOnlyList<PredictionCall> calls)
{
    private static ReadOnlySpan<byte> Head => "{\"columns\":"u8;

    private static ReadOnlySpan<byte> Data => ",\"data\":["u8;

    private static ReadOnlySpan<byte> HeadWithoutColumns => "{\"data\":["u8;

    private static ReadOnlySpan<byte> Tail => "]}"u8;

    public IReadOnlyList<PredictionCall> Calls { get; } = calls;

    public int Rows { get; } = calls.Sum(c => c.Input.RowCount);

    /// <summary>The text of the document for the worker, written into what <paramref name="take"/> gives for its length.</summary>
    public int Write(Func<int, Span<byte>> take)
    {
        var columns = Calls[0].Input.Columns.Span;
        var length = (columns.IsEmpty ? HeadWithoutColumns.Length : Head.Length + columns.Length + Data.Length) + Tail.Length + Calls.Count - 1;
        foreach (var call in Calls)
            length = checked(length + call.Input.Rows.Length);
        var rest = take(length);
        if (columns.IsEmpty)
        {
            Put(HeadWithoutColumns, ref rest);
        }
        else
        {
            Put(Head, ref rest);
            Put(columns, ref rest);
            Put(Data, ref rest);
        }
        for (var i = 0; i < Calls.Count; i++)
        {
            if (i > 0)
                Put(","u8, ref rest);
            Put(Calls[i].Input.Rows.Span, ref rest);
        }
        Put(Tail, ref rest);
        return length;
    }

    /// <summary>Gives each call its part of the answer.</summary>
    /// <param name="rows">The array of predictions, with its brackets; it has as many elements as the batch has rows.</param>
    public void Split(ReadOnlyMemory<byte> rows, ReadOnlyMemory<byte> columns)
    {
        if (Calls.Count == 1)
        {
            Calls[0].Complete(new Predicted(rows[1..^1], columns));
            return;
        }
        var reader = new Utf8JsonReader(rows.Span, new JsonReaderOptions { MaxDepth = 1000 });
        reader.Read();
        foreach (var call in Calls)
        {
            var (start, end) = (0, 0);
            for (var row = 0; row < call.Input.RowCount; row++)
            {
                reader.Read();
                if (row == 0)
                    start = (int)reader.TokenStartIndex;
                reader.Skip();
                end = (int)reader.BytesConsumed;
            }
            call.Complete(new Predicted(rows[start..end], columns));
        }
    }

    public void Fail(CallOutcome outcome)
    {
        foreach (var call in Calls)
            call.Complete(outcome);
    }

    private static void Put(ReadOnlySpan<byte> text, ref Span<byte> rest)
    {
        text.CopyTo(rest);
        rest = rest[text.Length..];
    }
}

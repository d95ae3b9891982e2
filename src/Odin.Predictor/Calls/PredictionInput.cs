namespace Odin.Predictor.Calls;

/// <summary>Rows for the model, as slices of the request's own JSON text.</summary>
/// <param name="Columns">The array of names; empty when the rows go by position.</param>
/// <param name="Rows">What stands between the brackets of the array of rows, so that several can be joined by a comma.</param>
/// <param name="RowCount">At least 1.</param>
/// <param name="Kinds">What kinds of values each column has.</param>
internal sealed record PredictionInput(ReadOnlyMemory<byte> Columns, ReadOnlyMemory<byte> Rows, int RowCount, ValueKinds[] Kinds)
{
    public bool HasMissing => Array.Exists(Kinds, k => k.HasFlag(ValueKinds.Missing));

    /// <summary>
    /// Whether the rows of both give the same in one call as in two. With other kinds of values they may not: a table has one type for
    /// a column, so that a missing value in one row makes fractions of the whole numbers of the others.
    /// </summary>
    public bool CanJoin(PredictionInput other) =>
        Columns.Span.SequenceEqual(other.Columns.Span) && Kinds.AsSpan().SequenceEqual(other.Kinds);
}

/// <summary>Kinds of JSON values.</summary>
[Flags]
internal enum ValueKinds : byte
{
    None = 0,
    Integer = 1,
    Fraction = 2,
    Text = 4,
    Truth = 8,
    Missing = 16,
    Nested = 32,
}

using System.Text.Json;

namespace Odin.Predictor.Models;

/// <summary>How the columns of a request fit to those of the model, as far as its samples tell.</summary>
/// <param name="isChecked">False: everything is left to the model.</param>
internal sealed class ColumnRules(ModelFacts facts, bool isChecked)
{
    private static readonly ColumnLayout Unknown = new([], [], null);

    private readonly ColumnLayout byPosition = isChecked && facts.Inputs.Count > 0
        ? new ColumnLayout([], facts.Inputs, facts.Inputs.Count)
        : Unknown;

    // Most clients send the same names all the time, so that they need not be read again.
    private volatile Known? last;

    /// <summary>Of rows without names.</summary>
    public ColumnLayout ByPosition => byPosition;

    /// <summary>Of rows with these names.</summary>
    /// <param name="text">The JSON array of the names.</param>
    public ColumnLayout Of(ReadOnlySpan<byte> text)
    {
        if (last is { } known && text.SequenceEqual(known.Text))
            return known.Layout;
        var names = new List<string>();
        var reader = new Utf8JsonReader(text);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
            names.Add(reader.GetString()!);
        var layout = Fit(names);
        if (layout.Errors.Count == 0)
            last = new Known(text.ToArray(), layout);
        return layout;
    }

    private ColumnLayout Fit(List<string> names)
    {
        var errors = new List<string>();
        var twice = names.GroupBy(n => n, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Key).ToList();
        if (twice.Count > 0)
            errors.Add($"{Named(twice)} named twice in 'columns'; name each once.");
        if (!isChecked || facts.Inputs.Count == 0)
            return new ColumnLayout(errors, [], names.Count);
        if (!facts.HasNames)
        {
            if (names.Count != facts.Inputs.Count)
                errors.Add($"'columns' has {names.Count} names; the model takes {facts.Inputs.Count} columns, whose names do not matter.");
            return new ColumnLayout(errors, facts.Inputs, names.Count);
        }
        var known = facts.Inputs.ToDictionary(c => c.Name, StringComparer.Ordinal);
        var missing = facts.Inputs.Where(c => c.Required && !names.Contains(c.Name)).Select(c => c.Name).ToList();
        if (missing.Count > 0)
        {
            // Names that the model does not know do no harm by themselves, but they may be the missing ones with a slip.
            var unknown = names.Where(n => !known.ContainsKey(n)).Distinct(StringComparer.Ordinal).ToList();
            var also = unknown.Count == 0 ? "" : $" {Named(unknown)} not known to the model.";
            errors.Add($"{Named(missing)} missing in 'columns'.{also} The model takes these columns, in any order: {Listed([.. known.Keys])}.");
        }
        return new ColumnLayout(errors, [.. names.Select(n => known.GetValueOrDefault(n))], names.Count);
    }

    private static string Named(List<string> names) => names.Count == 1 ? $"Column {Listed(names)} is" : $"Columns {Listed(names)} are";

    private static string Listed(List<string> names)
    {
        const int most = 50;
        var listed = string.Join(", ", names.Take(most).Select(n => $"'{n}'"));
        return names.Count > most ? $"{listed} and {names.Count - most} more" : listed;
    }

    private sealed record Known(byte[] Text, ColumnLayout Layout);
}

/// <summary>What is known of the columns of some rows.</summary>
/// <param name="Errors">What is wrong with them.</param>
/// <param name="Columns">By position; null for one that the model does not know, and empty when nothing is known.</param>
/// <param name="Width">How many values a row must have; null: any number.</param>
internal sealed record ColumnLayout(IReadOnlyList<string> Errors, IReadOnlyList<ModelColumn?> Columns, int? Width);

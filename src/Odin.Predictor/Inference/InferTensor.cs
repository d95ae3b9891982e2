using System.Text.Json;

namespace Odin.Predictor.Inference;

/// <summary>A tensor of a request, with its values one after the other.</summary>
internal sealed record InferTensor(string Name, IReadOnlyList<long> Shape, IReadOnlyList<JsonElement> Values)
{
    private const int MostExamples = 5;

    /// <summary>Null when something is wrong, which then stands in <paramref name="errors"/>.</summary>
    /// <param name="number">From 1, for those without a name.</param>
    public static InferTensor? Read(JsonElement tensor, int number, List<string> errors)
    {
        var before = errors.Count;
        var name = tensor.ValueKind == JsonValueKind.Object && tensor.TryGetProperty("name", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString()! : null;
        if (name is null)
        {
            errors.Add($"Input {number} has no 'name'; a tensor is an object {{name, shape, datatype, data}}.");
            return null;
        }
        var shape = ReadShape(tensor);
        if (shape is null)
            errors.Add($"The tensor '{name}' has no 'shape' that could be used; it must be an array of one or more numbers above 0, such as [2, 3].");
        var type = tensor.TryGetProperty("datatype", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        if (!TensorType.Known.Contains(type))
            errors.Add($"The tensor '{name}' has the datatype '{type}'; there are {string.Join(", ", TensorType.Known)}.");
        if (!tensor.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
            errors.Add($"The tensor '{name}' has no 'data'; it must be an array. Binary data is not taken, only JSON.");
        if (errors.Count > before)
            return null;
        var values = new List<JsonElement>();
        Flatten(data, values);
        var count = shape!.Aggregate(1L, (all, next) => all * next);
        if (values.Count != count)
            errors.Add($"The tensor '{name}' has {values.Count} values; its shape [{string.Join(", ", shape!)}] says {count}.");
        foreach (var (value, place) in values.Select((v, i) => (v, i)).Where(v => !TensorType.Fits(type, v.v)).Take(MostExamples))
            errors.Add($"The value {place + 1} of the tensor '{name}' is {Short(value)}, which is no {type}.");
        return errors.Count > before ? null : new InferTensor(name, shape!, values);
    }

    private static List<long>? ReadShape(JsonElement tensor)
    {
        if (!tensor.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array)
            return null;
        var sizes = new List<long>();
        foreach (var size in shape.EnumerateArray())
        {
            if (size.ValueKind != JsonValueKind.Number || !size.TryGetInt32(out var number) || number < 1)
                return null;
            sizes.Add(number);
        }
        return sizes.Count is > 0 and <= 2 ? sizes : null;
    }

    // Both are allowed: one row after the other, and rows within rows.
    private static void Flatten(JsonElement data, List<JsonElement> values)
    {
        foreach (var value in data.EnumerateArray())
        {
            if (value.ValueKind == JsonValueKind.Array)
                Flatten(value, values);
            else
                values.Add(value);
        }
    }

    private static string Short(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length > 40 ? $"{text[..40]}…" : text;
    }
}

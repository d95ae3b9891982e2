using System.Text.Json;
using Odin.Predictor.Calls;

namespace Odin.Predictor.Inference;

/// <summary>The predictions as tensors: one for each column of the answer, or one for all where they have no names.</summary>
internal sealed class InferAnswer
{
    private readonly List<Tensor> tensors = [];

    /// <summary>In the order of the model's answer.</summary>
    public IEnumerable<string> Names => tensors.Select(t => t.Name);

    /// <exception cref="JsonException">The model has answered by a class of its own, and not in JSON.</exception>
    public static InferAnswer Read(Predicted predicted)
    {
        // Not disposed of: what is written refers to it until the request is over.
        var rows = JsonDocument.Parse((byte[])[.. "["u8, .. predicted.Rows.Span, .. "]"u8]).RootElement.EnumerateArray().ToList();
        var names = JsonDocument.Parse(predicted.Columns).RootElement.EnumerateArray().Select(n => n.ToString()).ToList();
        var answer = new InferAnswer();
        var width = rows is [{ ValueKind: JsonValueKind.Array } first, ..] ? first.GetArrayLength() : -1;
        if (width < 0 || rows.Exists(r => r.ValueKind != JsonValueKind.Array || r.GetArrayLength() != width))
            answer.tensors.Add(new Tensor(names is [var only] ? only : "prediction", [rows.Count], rows));
        else if (names.Count == width)
        {
            for (var i = 0; i < width; i++)
                answer.tensors.Add(new Tensor(names[i], [rows.Count], [.. rows.Select(r => r[i])]));
        }
        else
            answer.tensors.Add(new Tensor("prediction", [rows.Count, width], [.. rows.SelectMany(r => r.EnumerateArray())]));
        return answer;
    }

    /// <param name="wanted">Empty: all.</param>
    public void Write(Utf8JsonWriter json, IReadOnlyList<(string Name, JsonElement Parameters)> wanted)
    {
        json.WriteStartArray("outputs"u8);
        foreach (var tensor in wanted.Count == 0 ? tensors : wanted.Select(w => tensors.First(t => t.Name == w.Name)))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, tensor.Name);
            json.WriteStartArray("shape"u8);
            foreach (var size in tensor.Shape)
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteString("datatype"u8, TensorType.Of(tensor.Values));
            if (wanted.FirstOrDefault(w => w.Name == tensor.Name).Parameters is { ValueKind: not JsonValueKind.Undefined } parameters)
            {
                json.WritePropertyName("parameters"u8);
                parameters.WriteTo(json);
            }
            json.WriteStartArray("data"u8);
            foreach (var value in tensor.Values)
                value.WriteTo(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private sealed record Tensor(string Name, int[] Shape, IReadOnlyList<JsonElement> Values);
}

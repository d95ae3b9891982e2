using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Odin.Predictor.Models;

namespace Odin.Predictor.Inference;

/// <summary>
/// A request of the Open Inference Protocol, read into the document that <c>invoke</c> takes. One tensor of two dimensions holds the rows;
/// else each tensor is a column.
/// </summary>
internal sealed class InferRequest
{
    private readonly List<string> errors = [];

    /// <summary>What is wrong; empty when the rest can be used.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>As it was given, or undefined.</summary>
    public JsonElement Id { get; private set; }

    public JsonElement Parameters { get; private set; }

    /// <summary>The outputs that are wanted, with their parameters; empty: all.</summary>
    public IReadOnlyList<(string Name, JsonElement Parameters)> Outputs { get; private set; } = [];

    /// <summary><c>{"columns": …, "data": …}</c></summary>
    public ReadOnlyMemory<byte> Document { get; private set; }

    /// <param name="root">Must outlive the request.</param>
    public static InferRequest Read(JsonElement root, ModelFacts facts)
    {
        var request = new InferRequest();
        if (root.ValueKind != JsonValueKind.Object)
        {
            request.errors.Add("The body is JSON, but no object; see https://github.com/kserve/open-inference-protocol.");
            return request;
        }
        request.ReadHead(root);
        if (!root.TryGetProperty("inputs", out var inputs) || inputs.ValueKind != JsonValueKind.Array || inputs.GetArrayLength() == 0)
            request.errors.Add("'inputs' is missing or empty; it must be an array of tensors {name, shape, datatype, data}.");
        else
        {
            var tensors = inputs.EnumerateArray().Select((t, i) => InferTensor.Read(t, i + 1, request.errors)).ToList();
            if (request.errors.Count == 0)
                request.ReadRows([.. tensors.Select(t => t!)], facts);
        }
        return request;
    }

    private void ReadHead(JsonElement root)
    {
        if (root.TryGetProperty("id", out var id))
        {
            Id = id;
            if (id.ValueKind != JsonValueKind.String)
                errors.Add("'id' must be text.");
        }
        if (root.TryGetProperty("parameters", out var parameters))
        {
            Parameters = parameters;
            if (parameters.ValueKind != JsonValueKind.Object)
                errors.Add("'parameters' must be an object.");
        }
        if (!root.TryGetProperty("outputs", out var outputs))
            return;
        if (outputs.ValueKind != JsonValueKind.Array || outputs.EnumerateArray().Any(o => o.ValueKind != JsonValueKind.Object || !o.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String))
            errors.Add("'outputs' must be an array of objects {name, parameters}.");
        else
            Outputs = [.. outputs.EnumerateArray().Select(o => (o.GetProperty("name").GetString()!, o.TryGetProperty("parameters", out var p) ? p : default))];
    }

    private void ReadRows(IReadOnlyList<InferTensor> tensors, ModelFacts facts)
    {
        var matrix = tensors is [{ Shape.Count: 2 } one] && !IsColumn(one, facts) ? one : null;
        if (matrix is null)
        {
            foreach (var tensor in tensors.Where(t => t.Shape.Count > 2 || (t.Shape.Count == 2 && t.Shape[1] != 1)))
                errors.Add($"The tensor '{tensor.Name}' has the shape [{string.Join(", ", tensor.Shape)}]; a column has the shape [rows] or [rows, 1].");
            foreach (var tensor in tensors.Where(t => t.Shape[0] != tensors[0].Shape[0]))
                errors.Add($"The tensor '{tensor.Name}' has {tensor.Shape[0]} rows where '{tensors[0].Name}' has {tensors[0].Shape[0]}.");
        }
        if (errors.Count > 0)
            return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (matrix is null && (tensors.Count > 1 || IsColumn(tensors[0], facts)))
                WriteNames(json, tensors);
            json.WriteStartArray("data");
            var (rows, width) = ((int)tensors[0].Shape[0], matrix is null ? tensors.Count : (int)matrix.Shape[1]);
            for (var row = 0; row < rows; row++)
            {
                json.WriteStartArray();
                for (var column = 0; column < width; column++)
                {
                    var value = matrix is null ? tensors[column].Values[row] : matrix.Values[(row * width) + column];
                    json.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
                }
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        Document = buffer.WrittenMemory;
    }

    private static void WriteNames(Utf8JsonWriter json, IReadOnlyList<InferTensor> tensors)
    {
        json.WriteStartArray("columns");
        foreach (var tensor in tensors)
            json.WriteStringValue(tensor.Name);
        json.WriteEndArray();
    }

    private static bool IsColumn(InferTensor tensor, ModelFacts facts) =>
        (tensor.Shape.Count == 1 || tensor.Shape[1] == 1) && facts.Inputs.Any(c => c.Name == tensor.Name);
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Odin.Predictor.Models;

/// <summary>What a worker tells of the model that it has loaded.</summary>
/// <param name="Inputs">Empty where the model has no samples.</param>
/// <param name="Python">The version of the model's Python.</param>
internal sealed record ModelFacts(IReadOnlyList<ModelColumn> Inputs, IReadOnlyList<ModelColumn> Outputs, string Python)
{
    /// <summary>Whether the inputs have names; samples without any are numbered.</summary>
    public bool HasNames { get; } = Inputs.Where((c, i) => c.Name != i.ToString(System.Globalization.CultureInfo.InvariantCulture)).Any();
}

/// <summary>A column of input or output, by the samples.</summary>
/// <param name="Type"><c>number</c>, <c>integer</c>, <c>string</c>, <c>boolean</c>, or null where it is none of these.</param>
/// <param name="Example">A JSON value.</param>
/// <param name="Required">Whether it must be in a request that names its columns.</param>
internal sealed record ModelColumn(string Name, string? Type, JsonElement Example, bool Required);

/// <summary>Why something did not work, in the words of a worker.</summary>
internal sealed record WorkerComplaint(string Message, bool Input);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ModelFacts))]
[JsonSerializable(typeof(WorkerComplaint))]
internal sealed partial class WorkerJson : JsonSerializerContext;

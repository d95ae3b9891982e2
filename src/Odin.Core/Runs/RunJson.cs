using System.Text.Json.Serialization;

namespace Odin.Runs;

/// <summary>JSON of stored runs: short, with enums by name and without what is null or default.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(TaskRun))]
public sealed partial class RunJson : JsonSerializerContext;

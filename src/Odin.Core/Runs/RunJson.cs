using System.Text.Json.Serialization;

namespace Odin.Runs;

/// <summary>JSON of stored runs: short, with enums by name and without what is null or default.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(TaskRun))]
[JsonSerializable(typeof(CacheEntry))]
[JsonSerializable(typeof(SubmitKey))]
[JsonSerializable(typeof(string))]
public sealed partial class RunJson : JsonSerializerContext;

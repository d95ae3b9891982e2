using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Odin.Cli.Rest;

/// <summary>A run, as the server's <c>Pipeline</c> describes it; members that the CLI does not use are left out.</summary>
internal sealed record PipelineRecord
{
    public string? Id { get; init; }

    public string? Job { get; init; }

    /// <summary><c>BUILDING</c>, <c>RUNNING</c>, <c>DONE</c> or <c>TERMINATED</c>.</summary>
    public string? Status { get; init; }

    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Cancelled</c>.</summary>
    public string? State { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public string? Version { get; init; }

    public string? Commit { get; init; }

    public string? RerunOf { get; init; }

    public string? SubmitTime { get; init; }

    public string? CompletionTime { get; init; }

    /// <summary>Empty where the server left it out: the generated reader does not keep an initial value.</summary>
    public IReadOnlyList<TaskRecord> Tasks { get => field ?? []; init; } = [];

    [JsonIgnore]
    public bool IsEnded => State is "Succeeded" or "Failed" or "Cancelled" || State is null && Status is "DONE" or "TERMINATED";

    [JsonIgnore]
    public bool IsSuccess => State is "Succeeded" || State is null && Status is "DONE";
}

/// <summary>A task of a run, as the server's <c>TaskStatus</c> describes it.</summary>
internal sealed record TaskRecord
{
    public string? Id { get; init; }

    public string? Task { get; init; }

    /// <summary>The short name.</summary>
    public string? Name { get; init; }

    /// <summary>The original's word: <c>executed</c>, <c>executing</c>, <c>waiting</c>, <c>terminated</c>.</summary>
    public string? Status { get; init; }

    /// <summary>Ours: <c>Waiting</c>, <c>Queued</c>, <c>Running</c>, <c>Succeeded</c>, <c>Cached</c>, <c>Failed</c>, <c>Skipped</c>, <c>Cancelled</c>.</summary>
    public string? State { get; init; }

    [JsonConverter(typeof(CommandTextConverter))]
    public string? Command { get; init; }

    public string? Image { get; init; }

    public string? ResourceType { get; init; }

    public string? ResourceId { get; init; }

    public string? SubmitTime { get; init; }

    public string? Started { get; init; }

    public string? CompletionTime { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public int? ExitCode { get; init; }

    public int? Attempt { get; init; }

    public string? CacheNote { get; init; }

    public TaskUsage? Usage { get; init; }
}

/// <summary>What a task has used so far, or in all.</summary>
internal sealed record TaskUsage(double? CpuSeconds, long? MemoryBytes, long? PeakMemoryBytes);

/// <summary>One line of a cleanup.</summary>
internal sealed record CleanupRecord
{
    public string? TaskId { get; init; }

    [JsonConverter(typeof(YesNoConverter))]
    public string? CleanedFromK8s { get; init; }

    [JsonConverter(typeof(YesNoConverter))]
    public string? PurgedFromDb { get; init; }

    [JsonConverter(typeof(YesNoConverter))]
    public string? RemovedFromFs { get; init; }
}

/// <summary>One line of the history of a task.</summary>
/// <param name="Id"><c>evt-{task}-{number}</c>; null where the protocol has none.</param>
internal sealed record EventRecord(string? Id, string? EventType, string? Reason, string? Source, string? Message, string? Timestamp)
{
    private const string Prefix = "evt-";

    /// <summary>The id of the task that it is about; null when that is not known.</summary>
    [JsonIgnore]
    public string? Task => Id is not null && Id.StartsWith(Prefix, StringComparison.Ordinal) && Id.LastIndexOf('-') is > 4 and var end ? Id[Prefix.Length..end] : null;
}

/// <summary>What a run would do.</summary>
internal sealed record PlanRecord(string? Job, string? Commit, IReadOnlyList<PlannedTaskRecord>? Tasks, IReadOnlyList<ErrorRecord>? Warnings);

/// <summary>One task of a plan.</summary>
internal sealed record PlannedTaskRecord(
    string Name,
    IReadOnlyList<string>? DependsOn,
    IReadOnlyList<string>? Command,
    IReadOnlyList<string>? Args,
    string? Decision,
    string? Because);

/// <summary>One thing wrong with a request.</summary>
internal sealed record ErrorRecord(string? File, int? Line, int? Column, string? Code, string? Message, string? Severity, string? Location)
{
    /// <summary><c>main.yml:3:5: error: … [UnknownKey]</c>, without the parts that are not known.</summary>
    public override string ToString()
    {
        // About a member of the request: that is no place which an editor could open.
        if (File is null && Location is not null)
            return $"{Location}: {Message}";
        var place = File is null ? "" : Line is > 0 ? string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: ") : $"{File}: ";
        var severity = string.Equals(Severity, "warning", StringComparison.OrdinalIgnoreCase) ? "warning" : "error";
        return $"{place}{severity}: {Message}{(Code is null ? "" : $" [{Code}]")}";
    }
}

/// <summary>A command as text or as a list, which the original shows joined by spaces.</summary>
internal sealed class CommandTextConverter : JsonConverter<string?>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return reader.GetString();
        var words = new List<string?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            words.Add(reader.GetString());
        return string.Join(' ', words);
    }

    public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

/// <summary><c>Yes</c> and <c>No</c>, which an older server sends as booleans.</summary>
internal sealed class YesNoConverter : JsonConverter<string?>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.True => "Yes",
        JsonTokenType.False => "No",
        _ => reader.GetString(),
    };

    public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

/// <summary>JSON of everything that the CLI reads.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(PipelineRecord))]
[JsonSerializable(typeof(TaskRecord))]
[JsonSerializable(typeof(CleanupRecord))]
[JsonSerializable(typeof(EventRecord))]
[JsonSerializable(typeof(PlanRecord))]
[JsonSerializable(typeof(ErrorRecord))]
internal sealed partial class CliJson : JsonSerializerContext;

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Odin.Runs;

namespace Odin.Server.Runs;

/// <summary>A run with its tasks as they were at one moment.</summary>
/// <param name="Rows">In the order of the file.</param>
/// <param name="Sequence">Grows with every change of a row.</param>
internal sealed record RunSnapshot(Run Run, IReadOnlyList<TaskRow> Rows, long Sequence)
{
    /// <summary>Executed ones, then those under way, then waiting ones; each in the order of the file.</summary>
    public IEnumerable<TaskRow> InShownOrder => Rows.OrderBy(r => TaskOrder.Rank(r.Status));

    public RunProgress Progress => RunProgress.Of(Rows.Select(r => r.Status));
}

/// <summary>A task of a run, ready to be sent. It holds the JSON rather than the record: ten thousand of those are too many to keep.</summary>
/// <param name="Version">Of the record that it was made from.</param>
/// <param name="Status">In the inherited words.</param>
/// <param name="Json">A <see cref="TaskStatusWire"/>.</param>
/// <param name="Sequence">When it changed last, in the count of the feed.</param>
internal sealed record TaskRow(string Id, int Index, string Version, string Status, bool WasSubmitted, bool IsEnded, byte[] Json, long Sequence)
{
    public static TaskRow From(Run run, TaskRun task, long sequence) => new(
        task.Id,
        task.Spec.Index,
        task.Metadata.Version,
        InheritedStatus.Of(run, task),
        task.Status.Submitted is not null && task.Status.Phase != TaskRunPhase.Cached && task.Spec.ReusedFrom is null,
        task.Status.IsEnded,
        JsonSerializer.SerializeToUtf8Bytes(TaskStatusWire.From(run, task), RunFeedJson.Relaxed.TaskStatusWire),
        sequence);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PipelineAnswer))]
[JsonSerializable(typeof(PipelineWire))]
[JsonSerializable(typeof(TaskStatusWire))]
internal sealed partial class RunFeedContext : JsonSerializerContext;

internal static class RunFeedJson
{
    /// <summary>Letters of every language as they are.</summary>
    public static RunFeedContext Relaxed { get; } = new(new JsonSerializerOptions(RunFeedContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = null,
    });
}

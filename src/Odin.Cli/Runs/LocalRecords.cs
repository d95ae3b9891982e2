using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;
using Odin.Pipelines;
using Odin.Runs;
using TaskRecord = Odin.Cli.Rest.TaskRecord;

namespace Odin.Cli.Runs;

/// <summary>The engine's records in the shape in which a server sends them.</summary>
internal static class LocalRecords
{
    public static PipelineRecord Of(Run run) => new()
    {
        Id = run.Id,
        Job = run.Spec.Job,
        Status = InheritedStatus.Of(run.Status.Phase),
        State = run.Status.Phase.ToString(),
        Reason = run.Status.Reason,
        Message = run.Status.Message,
        SubmitTime = InheritedStatus.Time(run.Metadata.Created),
        CompletionTime = Time(run.Status.Finished),
    };

    public static TaskRecord Of(Run run, TaskRun task) => new()
    {
        Id = task.Id,
        Task = task.Id,
        Name = task.Spec.Task.Name,
        Status = InheritedStatus.Of(run, task),
        State = task.Status.Phase.ToString(),
        Command = string.Join(' ', task.Spec.Task.Command),
        Image = task.Spec.Task.Image,
        ResourceType = task.Spec.Task.ResourceType,
        ResourceId = task.Status.ResourceId,
        SubmitTime = Time(task.Status.Submitted),
        Started = Time(task.Status.Started),
        CompletionTime = Time(task.Status.Finished),
        Reason = task.Status.Reason,
        Message = task.Status.Message,
        ExitCode = task.Status.ExitCode,
        Attempt = task.Status.Attempt,
        CacheNote = task.Status.CacheNote,
        Usage = task.Status.Usage is { } usage ? new TaskUsage(usage.CpuSeconds, usage.MemoryBytes, usage.PeakMemoryBytes) : null,
    };

    public static ApiAnswer Of(RunPlan plan) => new(
        HttpStatusCode.OK,
        new JsonObject
        {
            ["plan"] = new JsonObject
            {
                ["job"] = plan.Job,
                ["commit"] = plan.Commit,
                ["tasks"] = new JsonArray([.. plan.Tasks.Select(Of)]),
                ["warnings"] = new JsonArray([.. plan.Warnings.Select(Of)]),
            },
        },
        "");

    private static JsonNode Of(PlannedTask task) => new JsonObject
    {
        ["name"] = task.Name,
        ["dependsOn"] = List(task.DependsOn),
        ["command"] = List(task.Command),
        ["args"] = List(task.Args),
        ["decision"] = task.Decision,
        ["because"] = task.Because,
    };

    /// <summary>One thing that is wrong with a definition.</summary>
    public static JsonNode Of(Diagnostic diagnostic) => new JsonObject
    {
        ["file"] = diagnostic.File,
        ["line"] = diagnostic.Line,
        ["column"] = diagnostic.Column,
        ["severity"] = diagnostic.Severity == DiagnosticSeverity.Error ? "error" : "warning",
        ["code"] = diagnostic.Code,
        ["message"] = diagnostic.Message,
    };

    private static JsonArray List(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode?)t)];

    private static string? Time(DateTimeOffset? time) => time is { } known ? InheritedStatus.Time(known) : null;
}

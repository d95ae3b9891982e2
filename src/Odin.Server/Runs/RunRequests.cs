using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Odin.Runs;
using Odin.Server.Hosting;

namespace Odin.Server.Runs;

/// <summary>A wish to run a job.</summary>
/// <param name="Context">Parameters and template values.</param>
/// <param name="From">Take over what succeeded in the last run of the job, up to this task.</param>
/// <param name="NoCache">Run every task, whatever the cache has.</param>
public sealed record SubmitRequest(SubmitPipeline Pipeline, JsonObject? Context, string? From, bool? NoCache);

/// <summary>Which job.</summary>
/// <param name="Job">With <c>/</c> or <c>__</c> between its parts.</param>
/// <param name="Commit">A commit, branch or tag; null: the newest.</param>
public sealed record SubmitPipeline(string Job, string? Commit);

/// <summary>A wish to run something again.</summary>
/// <param name="From">Run this task and all after it, even if they succeeded.</param>
public sealed record RerunRequest(string? From);

/// <summary>What a run would do.</summary>
public sealed record PlanAnswer(PlanWire Plan);

/// <summary>What a run would do, in an order in which it could do it.</summary>
public sealed record PlanWire(string Job, string? Commit, IReadOnlyList<PlannedTask> Tasks, IReadOnlyList<ProblemItem> Warnings)
{
    internal static PlanWire From(RunPlan plan) => new(plan.Job, plan.Commit, plan.Tasks, [.. plan.Warnings.Select(ProblemItem.From)]);
}

/// <summary>The answer to a clean-up of what does not exist: an error that has the row which an old client prints.</summary>
public sealed record CleanupProblem(
    string Detail, int Status, string Title, string Type, IReadOnlyList<ProblemItem> Errors, IReadOnlyList<CleanupWire> Cleanups);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PipelineList))]
[JsonSerializable(typeof(PipelineAnswer))]
[JsonSerializable(typeof(PlanAnswer))]
[JsonSerializable(typeof(EventList))]
[JsonSerializable(typeof(CleanupList))]
[JsonSerializable(typeof(CleanupProblem))]
[JsonSerializable(typeof(SubmitRequest))]
[JsonSerializable(typeof(RerunRequest))]
internal sealed partial class RunWireJson : JsonSerializerContext;

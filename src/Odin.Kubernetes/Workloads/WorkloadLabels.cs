using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Kubernetes.Workloads;

/// <summary>The labels and annotations by which everything that we make is found again.</summary>
internal static class WorkloadLabels
{
    public const string ManagedBy = "app.kubernetes.io/managed-by", Odin = "odin";

    /// <summary>The id of the run.</summary>
    public const string Run = "odin/run";

    /// <summary>The id of the execution: one attempt of a task.</summary>
    public const string Execution = "odin/execution";

    /// <summary>Annotation: one of <see cref="StopReason"/>, written before we end it.</summary>
    public const string Stop = "odin/stop";

    /// <summary>Selects all that is ours.</summary>
    public const string Selector = $"{ManagedBy}={Odin},{Execution}";

    /// <summary>Selects what belongs to one execution.</summary>
    public static string SelectorOf(ExecutionKey key) => $"{Execution}={key.Id}";

    public static JsonObject Of(ExecutionKey key) => new() { [ManagedBy] = Odin, [Run] = key.Group, [Execution] = key.Id };
}

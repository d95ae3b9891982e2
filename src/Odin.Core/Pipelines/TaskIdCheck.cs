using System.Globalization;
using Odin.Execution;

namespace Odin.Pipelines;

/// <summary>
/// Whether the names of a pipeline and a task make ids that a cluster takes. Checked for every executor, so that a file that
/// runs on one of them runs on all.
/// </summary>
internal static class TaskIdCheck
{
    /// <summary>Kubernetes' bound on the length of labels, and of names that are host names too.</summary>
    private const int Longest = 63;

    /// <summary>What stands around the two names in <c>{name}-{9 characters}--{task}</c>.</summary>
    private const int Overhead = 1 + 9 + 2;

    public static void Check(string pipeline, TaskDraft draft, DiagnosticBag bag)
    {
        if (draft.Name is not { } name)
            return;
        var ending = LongestEnding(draft.Task);
        var length = pipeline.Length + Overhead + name.Length + ending.Length;
        if (length > Longest)
        {
            var with = ending.Length == 0 ? "" : $" with the ending {DiagnosticBag.Quote(ending)}";
            bag.Error(draft.NamePosition, DiagnosticCodes.IdTooLong,
                $"The ids of task {DiagnosticBag.Quote(name)} in pipeline {DiagnosticBag.Quote(pipeline)} would be {length} characters long{with}, but Kubernetes allows {Longest}; shorten one of the names by {length - Longest}.");
        }
        if (draft.Task is { } task && ResourceTypes.IsDistributed(task.ResourceType) && !IsHostName(pipeline))
        {
            bag.Error(draft.NamePosition, DiagnosticCodes.InvalidName,
                $"Task {DiagnosticBag.Quote(name)} is a {task.ResourceType}, whose pods find each other by host names, and those begin with a letter and hold no dot; rename the pipeline {DiagnosticBag.Quote(pipeline)}.");
        }
    }

    // What attempts after the first one, and the pods of a distributed task, append.
    private static string LongestEnding(PipelineTask? task)
    {
        if (task is null)
            return "";
        var attempt = task.Retries.Limit > 0 ? string.Create(CultureInfo.InvariantCulture, $"--r{task.Retries.Limit + 1}") : "";
        if (!ResourceTypes.IsDistributed(task.ResourceType))
            return attempt;
        var worker = string.Create(CultureInfo.InvariantCulture, $"-worker-{Math.Max(0, task.NumWorkers - 1)}");
        return attempt + (task.ResourceType == ResourceTypes.MPIJob && worker.Length < "-launcher".Length ? "-launcher" : worker);
    }

    private static bool IsHostName(string name) => char.IsAsciiLetterLower(name[0]) && !name.Contains('.', StringComparison.Ordinal);
}

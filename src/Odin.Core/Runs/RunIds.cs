using System.Security.Cryptography;

namespace Odin.Runs;

/// <summary>Makes and takes apart the ids of runs and tasks.</summary>
public static class RunIds
{
    private const string Separator = "--";
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A new id, <c>{name}-{9 characters}j</c>. It never holds a double dash beyond those of the name.</summary>
    public static string NewRunId(string pipelineName) =>
        $"{pipelineName}-{RandomNumberGenerator.GetString(Alphabet, 8)}j";

    /// <summary>The id of a task of a run.</summary>
    public static string TaskId(string runId, string taskName) => runId + Separator + taskName;

    /// <summary>The id of one attempt, unique over all attempts; the first is the id of the task.</summary>
    public static string AttemptId(string taskId, int attempt) => attempt <= 1 ? taskId : $"{taskId}-r{attempt}";
}

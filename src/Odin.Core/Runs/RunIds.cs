using System.Globalization;
using System.Security.Cryptography;

namespace Odin.Runs;

/// <summary>Makes and takes apart the ids of runs and tasks.</summary>
public static class RunIds
{
    private const string Separator = "--";

    // The name of a task holds no double dash, hence no task is called like an attempt of another one.
    private const string AttemptMark = Separator + "r";
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A new id, <c>{name}-{9 characters}j</c>. It never holds a double dash beyond those of the name.</summary>
    public static string NewRunId(string pipelineName) =>
        $"{pipelineName}-{RandomNumberGenerator.GetString(Alphabet, 8)}j";

    /// <summary>The id of a task of a run.</summary>
    public static string TaskId(string runId, string taskName) => runId + Separator + taskName;

    /// <summary>The id of one attempt, unique over all attempts; the first is the id of the task.</summary>
    public static string AttemptId(string taskId, int attempt) => attempt <= 1 ? taskId : $"{taskId}{AttemptMark}{attempt}";

    /// <summary>The task and the number that an id of an attempt names; null if it is none. <c>TASK--r1</c> names the first.</summary>
    public static (string TaskId, int Attempt)? ParseAttempt(string id)
    {
        var mark = id.LastIndexOf(AttemptMark, StringComparison.Ordinal);
        return mark > 0 && int.TryParse(id.AsSpan(mark + AttemptMark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? (id[..mark], attempt)
            : null;
    }
}

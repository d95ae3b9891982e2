using System.Text;
using Odin.Execution;

namespace Odin.Deployments;

/// <summary>The logs of replicas: those of the living, and of the last that have ended.</summary>
public sealed class DeploymentLogs(LogStore logs)
{
    private const int KeptLogs = 20, LastLines = 4, LongestWords = 600;

    /// <summary>The replicas of a deployment that have a log, the one that was written last first.</summary>
    public IReadOnlyList<string> ReplicasOf(string deployment) => [.. FilesOf(DeploymentReconciler.GroupOf(deployment)).Select(f => Path.GetFileNameWithoutExtension(f.Name))];

    /// <summary>The key of a replica's log.</summary>
    public static ExecutionKey KeyOf(string deployment, string replica) => new(DeploymentReconciler.GroupOf(deployment), replica);

    /// <summary>The end of a log in one line; empty: there is none.</summary>
    internal async Task<string> LastWordsAsync(ExecutionKey key, CancellationToken cancellationToken)
    {
        var words = new StringBuilder();
        await foreach (var line in logs.ReadLinesAsync(key, new LogReadOptions { TailLines = LastLines, Limit = LongestWords * LastLines }, static _ => Task.CompletedTask, cancellationToken))
            words.Append(words.Length > 0 ? " | " : "").Append(line.Trim());
        return words.Length > LongestWords ? $"…{words.ToString(words.Length - LongestWords, LongestWords)}" : words.ToString();
    }

    /// <summary>Deletes the oldest logs of a group above a number: a deployment that wakes and sleeps leaves one each time.</summary>
    internal void Trim(string group)
    {
        foreach (var file in FilesOf(group).Skip(KeptLogs))
            file.Delete();
    }

    internal void Delete(string group) => logs.DeleteGroup(group);

    private IEnumerable<FileInfo> FilesOf(string group)
    {
        var directory = new DirectoryInfo(Path.Combine(logs.Directory, group));
        return directory.Exists ? directory.EnumerateFiles("*.log").OrderByDescending(f => f.LastWriteTimeUtc) : [];
    }
}

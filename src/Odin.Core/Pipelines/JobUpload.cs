using Odin.Git;

namespace Odin.Pipelines;

/// <summary>Many files of one job, to be committed as one.</summary>
/// <param name="files">By their path in the job.</param>
internal sealed class JobUpload(JobName job, IReadOnlyDictionary<string, GitChange> files, JobUploadOptions how)
{
    /// <summary>What the last plan removes, by its path in the job.</summary>
    public IReadOnlyList<string> Removed { get; private set; } = [];

    /// <exception cref="InvalidJobPathException">What would be there afterwards is no job.</exception>
    public void Check()
    {
        if (files.Count == 0)
            throw new InvalidJobPathException("The upload holds no files: send at least one.");
        if ((how.Create || how.Prune) && !files.Keys.Any(IsDefinition))
            throw new InvalidJobPathException($"The upload holds no '{PipelineParser.FileName}', without which '{job}' is no job: add it.");
    }

    /// <summary>The changes on the tree that the commit is going to be made on.</summary>
    public async Task<IReadOnlyList<GitChange>> PlanAsync(GitTip tip, CancellationToken cancellationToken)
    {
        var isThere = await tip.HasAsync(job.MainFile, cancellationToken)
            || await tip.HasAsync(job.MainFile + JobTemplates.Extension, cancellationToken);
        if (isThere && how.Create)
            throw new JobAlreadyExistsException(job.Value);
        if (!isThere && !how.Create)
            throw new JobNotFoundException(job.Value);
        if (!how.Prune)
            return [.. files.Values];
        var present = (await tip.FindBelowAsync(job.Value, cancellationToken)).Select(entry => entry.Path[(job.Value.Length + 1)..]).ToList();
        var jobsBelow = present.Where(path => path.Contains('/', StringComparison.Ordinal) && IsDefinition(path[(path.LastIndexOf('/') + 1)..]))
            .Select(path => GitTree.ParentOf(path) + "/").ToList();
        Removed = [.. present.Where(path => !files.ContainsKey(path) && !jobsBelow.Exists(below => path.StartsWith(below, StringComparison.Ordinal)))];
        return [.. Removed.Select(path => new GitChange($"{job}/{path}", null)), .. files.Values];
    }

    private static bool IsDefinition(string name) => name is PipelineParser.FileName or PipelineParser.FileName + JobTemplates.Extension;
}

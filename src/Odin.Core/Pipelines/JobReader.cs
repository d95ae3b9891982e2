using System.Text;
using Odin.Git;

namespace Odin.Pipelines;

/// <summary>Reads jobs out of the tree of a commit.</summary>
internal sealed class JobReader(GitObjects objects, PipelineCatalogOptions options, string location)
{
    private const string MainFile = "main.yml";

    // One job with a thousand files must not take all the memory there is.
    private const long MaxShownPerJob = 8L << 20;

    private static readonly string[] ConfigEndings = [".py", ".js", "txt", ".yml", ".sh", "yaml", "json", "config", "cfg"];

    /// <summary>Where people find a path of the repository.</summary>
    public string LocationOf(string path) => location.EndsWith('/') ? location + path : $"{location}/{path}";

    /// <summary>The jobs of a tree, by name. What lies at the root or under a name that no job can have is none.</summary>
    public IEnumerable<JobSummary> List(GitTree tree, JobPattern pattern) =>
        tree.Entries
            .Where(entry => entry.Path.EndsWith("/" + MainFile, StringComparison.Ordinal))
            .Select(entry => GitTree.ParentOf(entry.Path))
            .Where(name => JobName.TryParse(name, out _, out _) && pattern.Matches(name) && IsFile(tree, $"{name}/{MainFile}"))
            .Order(StringComparer.Ordinal)
            .Select(name => new JobSummary(name, LocationOf($"{name}/{MainFile}"), tree.Commit));

    /// <summary>Those of the jobs that exist, in the order given.</summary>
    public async Task<IReadOnlyList<JobFiles>> ReadAsync(GitTree tree, IReadOnlyList<JobName> names, CancellationToken cancellationToken)
    {
        var jobs = names.Where(name => IsFile(tree, name.MainFile)).ToList();
        var shown = jobs.SelectMany(job => Shown(tree, job)).ToList();
        var texts = new Dictionary<string, (string Text, bool IsTruncated)>(StringComparer.Ordinal);
        await objects.ReadBlobsAsync(
            shown.Where(IsReadable),
            async (entry, content, token) => texts[entry.Path] = await ReadTextAsync(entry, content, token),
            cancellationToken);
        var byJob = shown.ToLookup(entry => GitTree.ParentOf(entry.Path), StringComparer.Ordinal);
        return [.. jobs.Select(job => Assemble(tree, job, byJob[job.Value], texts))];
    }

    /// <summary>A file of the tree, links inside the tree followed; null: there is none.</summary>
    /// <exception cref="InvalidJobPathException">It is a link that leads out.</exception>
    /// <exception cref="JobFileTooLargeException">It is too large.</exception>
    public async Task<JobFileContent?> ReadFileAsync(GitTree tree, string path, CancellationToken cancellationToken)
    {
        var (outcome, entry) = tree.Resolve(path);
        if (outcome == GitPathOutcome.Outside)
            throw new InvalidJobPathException($"The file '{path}' is a symbolic link that leads out of the repository: commit the file itself.");
        if (outcome == GitPathOutcome.Missing || !entry.IsFile)
            return null;
        if (entry.Size > options.MaxFileBytes)
            throw new JobFileTooLargeException(path, options.MaxFileBytes);
        var bytes = new byte[entry.Size];
        await objects.ReadBlobsAsync([entry], async (_, content, token) => await content.ReadExactlyAsync(bytes, token), cancellationToken);
        return new JobFileContent(path[(path.LastIndexOf('/') + 1)..], LocationOf(path), tree.Commit, bytes);
    }

    private static bool IsFile(GitTree tree, string path) => tree.Resolve(path) is { Outcome: GitPathOutcome.Found, Entry.IsFile: true };

    private bool IsReadable(GitEntry entry) => entry.Size <= options.MaxFileBytes;

    // Under the path that it has in the job, also where that is a link.
    private static IEnumerable<GitEntry> Shown(GitTree tree, JobName job)
    {
        var left = MaxShownPerJob;
        var directory = tree.Resolve(job.Value).Entry.Path;
        foreach (var entry in tree.In(directory).OrderBy(entry => entry.Path, StringComparer.Ordinal))
        {
            var name = entry.Path[(directory.Length + 1)..];
            var (outcome, real) = tree.Resolve(entry.Path);
            if (outcome != GitPathOutcome.Found || !real.IsFile || !(name == MainFile || ConfigEndings.Any(end => name.EndsWith(end, StringComparison.Ordinal))))
                continue;
            if (name != MainFile && (left -= real.Size) < 0)
                real = real with { Size = long.MaxValue };
            yield return real with { Path = $"{job}/{name}" };
        }
    }

    private async Task<(string, bool)> ReadTextAsync(GitEntry entry, Stream content, CancellationToken cancellationToken)
    {
        var bytes = new byte[Math.Min(entry.Size, options.MaxShownBytes)];
        await content.ReadExactlyAsync(bytes, cancellationToken);
        return (Encoding.UTF8.GetString(bytes), entry.Size > bytes.Length);
    }

    private JobFiles Assemble(
        GitTree tree, JobName job, IEnumerable<GitEntry> shown, Dictionary<string, (string Text, bool IsTruncated)> texts)
    {
        var (main, isTruncated) = texts.GetValueOrDefault(job.MainFile, ("", true));
        var configs = shown
            .Where(entry => entry.Path != job.MainFile)
            .Select(entry =>
            {
                var (text, isCut) = texts.GetValueOrDefault(entry.Path, ("", true));
                return new JobConfigFile(entry.Path[(job.Value.Length + 1)..], LocationOf(entry.Path), text, isCut);
            });
        return new JobFiles(job.Value, LocationOf(job.MainFile), LocationOf(job.Value), tree.Commit, main, isTruncated, [.. configs]);
    }
}

namespace Odin.Pipelines;

/// <summary>Where jobs come from: the git catalog of a server, or a directory on the disk.</summary>
public interface IJobSource
{
    /// <summary>The job at a revision (null: the newest), or null if there is none.</summary>
    Task<JobCheckout?> CheckOutAsync(string job, string? revision, CancellationToken cancellationToken);
}

/// <summary>Jobs that are directories below a root, as they are at the moment, without a repository.</summary>
public sealed class DirectoryJobSource(string root) : IJobSource
{
    private readonly string root = Path.GetFullPath(root);

    public Task<JobCheckout?> CheckOutAsync(string job, string? revision, CancellationToken cancellationToken)
    {
        var workPath = Path.GetFullPath(Path.Combine(root, job));
        var inside = workPath == root || workPath.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        return Task.FromResult(inside && Directory.Exists(workPath) ? new JobCheckout(job, null, root, workPath) : null);
    }
}

using System.Text;

namespace Odin.Git;

/// <summary>What a new repository begins with, so that whoever opens the directory knows what it is.</summary>
internal static class FirstCommit
{
    private const string Readme = """
        # Pipelines

        Every directory with a `main.yml` is a job. Its name is its path: `team/wine/main.yml` is the job `team/wine`.

        This is a plain git repository: change files here and commit them, and the next run uses them.
        A run is pinned to the commit that it was submitted at.

        """;

    public static GitCommitRequest Request(GitObjects objects) => new(
        async (tip, cancellationToken) =>
        {
            if (tip.Commit is not null)
                return [];
            var (blob, _) = (await objects.WriteBlobAsync(new MemoryStream(Encoding.UTF8.GetBytes(Readme)), long.MaxValue, cancellationToken))!.Value;
            return [new GitChange("README.md", blob)];
        },
        "Make a repository for pipelines",
        Author: null);
}

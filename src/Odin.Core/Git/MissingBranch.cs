namespace Odin.Git;

/// <summary>Says which branches there are instead of the configured one.</summary>
internal static class MissingBranch
{
    public static GitBranchMissingException In(GitAddress address, string branch, IReadOnlyList<string> branches)
    {
        var shown = string.Join(", ", branches.Take(5).Select(name => $"'{name}'")) + (branches.Count > 5 ? ", …" : "");
        return new GitBranchMissingException(
            $"The branch '{branch}' does not exist in '{address}', which has {shown}: push it, or choose one with ODIN_PIPELINES_MAIN.");
    }
}

using Odin.Execution;

namespace Odin.Runs;

/// <summary>The copies of jobs with templates, each rendered for one run.</summary>
internal static class RenderedJobs
{
    /// <summary>Deletes such a copy. A directory of any other kind is left alone, not there: success.</summary>
    public static void Delete(RunOptions options, string workPath)
    {
        if (workPath.StartsWith(options.RenderedDirectory + Path.DirectorySeparatorChar, StringComparison.Ordinal) && Directory.Exists(workPath))
            DirectoryRemoval.Delete(workPath);
    }
}

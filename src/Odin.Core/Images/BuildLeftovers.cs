using Odin.Execution;

namespace Odin.Images;

/// <summary>What builds that were cut off have left in the directory where images are built.</summary>
internal static class BuildLeftovers
{
    // Longer than any build takes: other processes may be building there.
    private static readonly TimeSpan Age = TimeSpan.FromDays(2);

    /// <summary>Deletes what nobody has touched for two days; what cannot be deleted is left to the next time.</summary>
    public static void Remove(string directory, TimeProvider time)
    {
        try
        {
            if (!Directory.Exists(directory))
                return;
            var oldest = time.GetUtcNow() - Age;
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos().Where(e => e.LastWriteTimeUtc < oldest).ToList())
            {
                if (entry is DirectoryInfo)
                    DirectoryRemoval.Delete(entry.FullName);
                else
                    entry.Delete();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stands in nobody's way.
        }
    }
}

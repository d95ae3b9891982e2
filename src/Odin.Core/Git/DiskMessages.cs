namespace Odin.Git;

/// <summary>What git prints when the disk is the trouble: the texts of the system (errno.h of Linux).</summary>
public static class DiskMessages
{
    public const string NoSpace = "No space left on device", ReadOnly = "Read-only file system", Quota = "Disk quota exceeded";
}

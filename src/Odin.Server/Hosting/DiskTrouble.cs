using Odin.Git;
using Odin.Storage;

namespace Odin.Server.Hosting;

/// <summary>A disk that is full or read-only, in whatever exception it comes: nobody's mistake, and over when somebody makes room.</summary>
internal static class DiskTrouble
{
    // What the system calls them (errno.h of Linux).
    private const int NoSpace = 28, ReadOnly = 30, Quota = 122;

    /// <summary>A sentence for the client, which names no path; null: it is something else.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        StoreUnavailableException { IsOutOfSpace: true } => "The disk of the database is full. Make room on it; then everything goes on by itself.",
        IOException { HResult: NoSpace or Quota } => Full,
        IOException { HResult: ReadOnly } => WriteProtected,
        GitException e when Says(e, DiskMessages.NoSpace) || Says(e, DiskMessages.Quota) => Full,
        GitException e when Says(e, DiskMessages.ReadOnly) => WriteProtected,
        _ => null,
    };

    private static string Full => "The disk of the server is full. Make room on it; then everything goes on by itself.";

    private static string WriteProtected => "The disk of the server is read-only. Make it writable; then everything goes on by itself.";

    private static bool Says(GitException exception, string text) => exception.Message.Contains(text, StringComparison.OrdinalIgnoreCase);
}

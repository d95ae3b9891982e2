namespace Odin.Git;

/// <summary>Where a path leads in a tree, links followed.</summary>
internal enum GitPathOutcome
{
    Found,
    Missing,

    /// <summary>By a symbolic link, out of the repository (or round in circles).</summary>
    Outside,
}

/// <summary>All that one commit holds, without the contents. Immutable.</summary>
internal sealed class GitTree
{
    private const int MaxLinks = 40;

    private readonly Dictionary<string, GitEntry> byPath;
    private readonly HashSet<string> directories;
    private readonly IReadOnlyDictionary<string, string> links;
    private readonly Lazy<ILookup<string, GitEntry>> byDirectory;

    /// <param name="links">The target of each symbolic link, by path.</param>
    public GitTree(string commit, IReadOnlyList<GitEntry> entries, IReadOnlyDictionary<string, string> links)
    {
        Commit = commit;
        Entries = entries;
        this.links = links;
        byPath = new Dictionary<string, GitEntry>(entries.Count, StringComparer.Ordinal);
        directories = new HashSet<string>(StringComparer.Ordinal) { "" };
        foreach (var entry in entries)
        {
            byPath[entry.Path] = entry;
            for (var parent = ParentOf(entry.Path); directories.Add(parent);)
                parent = ParentOf(parent);
        }
        byDirectory = new(() => entries.ToLookup(entry => ParentOf(entry.Path), StringComparer.Ordinal));
    }

    public string Commit { get; }

    /// <summary>Everything but directories, by path.</summary>
    public IReadOnlyList<GitEntry> Entries { get; }

    /// <summary>The symbolic links and their targets.</summary>
    public IReadOnlyDictionary<string, string> Links => links;

    /// <summary>What lies in a directory itself, directories not included.</summary>
    public IEnumerable<GitEntry> In(string directory) => byDirectory.Value[directory];

    /// <summary>Follows a path as the file system would if the tree were the whole disk.</summary>
    public (GitPathOutcome Outcome, GitEntry Entry) Resolve(string path)
    {
        var todo = new Stack<string>();
        Push(todo, path);
        var at = "";
        var followed = 0;
        while (todo.TryPop(out var part))
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                if (at.Length == 0)
                    return (GitPathOutcome.Outside, default);
                at = ParentOf(at);
                continue;
            }
            var next = at.Length == 0 ? part : $"{at}/{part}";
            if (links.TryGetValue(next, out var target))
            {
                if (target.StartsWith('/') || ++followed > MaxLinks)
                    return (GitPathOutcome.Outside, default);
                Push(todo, target);
                continue;
            }
            if (!directories.Contains(next) && (todo.Count > 0 || !byPath.ContainsKey(next)))
                return LeavesAnyway(next, todo) ? (GitPathOutcome.Outside, default) : (GitPathOutcome.Missing, default);
            at = next;
        }
        return (GitPathOutcome.Found, byPath.TryGetValue(at, out var entry) ? entry : new GitEntry(GitEntryKind.Directory, "", 0, at));
    }

    /// <summary>The directory part of a path; empty for the root.</summary>
    public static string ParentOf(string path) => path.LastIndexOf('/') is var slash && slash < 0 ? "" : path[..slash];

    // A missing directory may be made later, by a task: a link that then would lead out does not become harmless by it.
    private static bool LeavesAnyway(string at, Stack<string> rest)
    {
        var depth = at.Count(c => c == '/') + 1;
        foreach (var part in rest)
        {
            depth += part switch { ".." => -1, "" or "." => 0, _ => 1 };
            if (depth < 0)
                return true;
        }
        return false;
    }

    private static void Push(Stack<string> todo, string path)
    {
        foreach (var part in path.Split('/').Reverse())
            todo.Push(part);
    }
}

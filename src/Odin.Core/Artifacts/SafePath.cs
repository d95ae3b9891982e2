namespace Odin.Artifacts;

/// <summary>Paths below a directory in which somebody else may have made links.</summary>
internal static class SafePath
{
    /// <summary>The path, with its directories made, none of which is a link.</summary>
    /// <exception cref="InvalidDataException">It would lead out of the root.</exception>
    public static string Make(string root, string relative)
    {
        var parts = relative.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".").ToList();
        if (parts.Contains("..") || Path.IsPathRooted(relative) || relative.Contains('\0', StringComparison.Ordinal) || parts.Count == 0)
            throw new InvalidDataException($"the path \"{relative}\" leads out of the directory");
        var path = root;
        foreach (var part in parts.SkipLast(1))
        {
            path = Path.Combine(path, part);
            if (new FileInfo(path).LinkTarget is not null)
                throw new InvalidDataException($"the path \"{relative}\" goes through a link, \"{part}\"");
            Directory.CreateDirectory(path);
        }
        path = Path.Combine(path, parts[^1]);
        return new FileInfo(path).LinkTarget is null ? path : throw new InvalidDataException($"the path \"{relative}\" is a link");
    }
}

namespace Odin.Files;

/// <summary>Paths without symbolic links.</summary>
internal static class RealPath
{
    private const int MostLinks = 40;

    /// <summary>As realpath(1) with missing parts allowed; null for links in circles.</summary>
    /// <param name="path">Absolute, with slashes.</param>
    public static string? Of(string path) => Follow(path, followed: 0);

    private static string? Follow(string path, int followed)
    {
        var at = "";
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i] is "." or "..")
            {
                at = parts[i] == "." ? at : Path.GetDirectoryName(at) ?? "";
                continue;
            }
            var next = $"{at}/{parts[i]}";
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                at = next == "/" ? "" : next;
                continue;
            }
            if (followed == MostLinks)
                return null;
            var rest = string.Join('/', parts[(i + 1)..]);
            return Follow((target.StartsWith('/') ? target : $"{at}/{target}") + "/" + rest, followed + 1);
        }
        return at.Length == 0 ? "/" : at;
    }
}

using System.Text;

namespace Odin.Images;

/// <summary>What is in a layer, in the order in which it is written: by the bytes of the paths, each directory before what is in it.</summary>
internal static class LayerPlan
{
    private const string Whiteout = ".wh.";

    /// <exception cref="ImageException">A path cannot be in an image, or is there twice.</exception>
    public static IReadOnlyList<(string Path, LayerEntry Entry)> Of(ImageLayer layer)
    {
        var entries = new SortedDictionary<string, LayerEntry>(ByBytes.Instance);
        foreach (var entry in layer.Entries)
        {
            var path = Clean(layer, entry.Path);
            if (path.Length == 0)
            {
                if (entry.Kind is not LayerEntryKind.Directory)
                    throw Refused(layer, entry.Path, "names no file");
                continue;
            }
            if (entries.TryGetValue(path, out var other) && !(other.Kind is LayerEntryKind.Directory && entry.Kind is LayerEntryKind.Directory))
                throw Refused(layer, entry.Path, "is there twice");
            entries[path] = entry;
        }
        foreach (var path in entries.Keys.ToList())
            AddParents(layer, entries, path);
        return [.. entries.Select(pair => (pair.Key, pair.Value))];
    }

    private static void AddParents(ImageLayer layer, SortedDictionary<string, LayerEntry> entries, string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            var parent = path[..slash];
            if (!entries.TryGetValue(parent, out var entry))
                entries[parent] = LayerEntry.Directory(parent);
            else if (entry.Kind is not LayerEntryKind.Directory)
                throw Refused(layer, path, $"lies in '{parent}', which is no directory");
        }
    }

    private static string Clean(ImageLayer layer, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != ".").ToList();
        if (parts.Contains("..") || path.Contains('\0', StringComparison.Ordinal))
            throw Refused(layer, path, "leads out of the image");
        if (parts.Find(p => p.StartsWith(Whiteout, StringComparison.Ordinal)) is { } name)
            throw Refused(layer, path, $"has the part '{name}', which in an image deletes another file");
        return string.Join('/', parts);
    }

    private static ImageException Refused(ImageLayer layer, string path, string what) =>
        new($"The path '{path}' in the layer '{layer.Name}' {what}.", isPassing: false);

    // As they are in the archive; ordinal comparison of UTF-16 would differ beyond the basic plane.
    private sealed class ByBytes : IComparer<string>
    {
        public static readonly ByBytes Instance = new();

        public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y!));
    }
}

using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Odin.Chores;

/// <summary>The label <c>metadata.labels.version</c> of a Kubernetes manifest.</summary>
internal static class VersionLabel
{
    private static readonly string[] Path = ["metadata", "labels", "version"];

    /// <summary>Adds one to it, in every document that has it, and touches nothing else of the file.</summary>
    /// <returns>The new version; that of the first document where there are several.</returns>
    public static async Task<long> BumpAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await File.ReadAllBytesAsync(file, cancellationToken);
            var hasMark = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble);
            var (text, version) = Bump(Encoding.UTF8.GetString(bytes.AsSpan(hasMark ? Encoding.UTF8.Preamble.Length : 0)), file);
            await ReplaceAsync(file, text, hasMark, cancellationToken);
            return version;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChoreException($"The version in '{file}' cannot be changed: {e.Message}", e);
        }
    }

    /// <summary>The text with the new versions, and the first of them.</summary>
    internal static (string Text, long Version) Bump(string yaml, string file)
    {
        var places = Find(yaml, file);
        if (places.Count == 0)
            throw new ChoreException($"'{file}' has no label metadata.labels.version; add \"version: 1\" there.");
        var versions = places.ConvertAll(scalar => Next(scalar, file));
        var text = new StringBuilder(yaml);
        // From the end, so that the positions of the ones before stay true.
        for (var i = places.Count - 1; i >= 0; i--)
        {
            var start = (int)places[i].Start.Index;
            var raw = yaml[start..(int)places[i].End.Index];
            var offset = raw.IndexOf(places[i].Value, StringComparison.Ordinal);
            text.Remove(start + offset, places[i].Value.Length);
            text.Insert(start + offset, versions[i].ToString(CultureInfo.InvariantCulture));
        }
        return (text.ToString(), versions[0]);
    }

    private static long Next(Scalar scalar, string file) =>
        long.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version < long.MaxValue
            ? version + 1
            : throw new ChoreException(
                $"{file}:{scalar.Start.Line}:{scalar.Start.Column}: the version \"{scalar.Value}\" is not a whole number; only those can be counted up.");

    private static List<Scalar> Find(string yaml, string file)
    {
        var found = new List<Scalar>();
        var parser = new Parser(new StringReader(yaml));
        try
        {
            parser.Consume<StreamStart>();
            while (parser.TryConsume<DocumentStart>(out _))
            {
                Walk(parser, 0, found);
                parser.Consume<DocumentEnd>();
            }
        }
        catch (YamlException e)
        {
            throw new ChoreException($"{file}:{e.Start.Line}:{e.Start.Column}: not valid YAML: {e.Message}", e);
        }
        return found;
    }

    private static void Walk(Parser parser, int depth, List<Scalar> found)
    {
        if (!parser.TryConsume<MappingStart>(out _))
        {
            parser.SkipThisAndNestedEvents();
            return;
        }
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var isOnPath = parser.Accept<Scalar>(out var key) && key.Value == Path[depth];
            parser.SkipThisAndNestedEvents();
            if (!isOnPath)
                parser.SkipThisAndNestedEvents();
            else if (depth < Path.Length - 1)
                Walk(parser, depth + 1, found);
            else if (parser.TryConsume<Scalar>(out var value))
                found.Add(value);
            else
                parser.SkipThisAndNestedEvents();
        }
    }

    private static async Task ReplaceAsync(string file, string text, bool hasMark, CancellationToken cancellationToken)
    {
        // Whole or not at all, and through a link to the file behind it.
        var target = File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        var temporary = target + ".new";
        await File.WriteAllTextAsync(temporary, text, new UTF8Encoding(hasMark), cancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
        File.Move(temporary, target, overwrite: true);
    }
}

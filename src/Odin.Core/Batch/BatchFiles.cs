using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Odin.Execution;
using Odin.Steps;

namespace Odin.Batch;

/// <summary>The directories of a job in its workspace, and the sorting of files into those that are fit and those that are not.</summary>
internal static class BatchFiles
{
    public const string RawInput = "odahu-ws-raw-input", Input = "odahu-ws-input", Model = "odahu-ws-model", RawOutput = "odahu-ws-raw-output", Output = "odahu-ws-output";

    private const long MostBytes = 256L << 20;
    private const int MostNamed = 100;

    /// <summary>
    /// Copies the documents that lie directly in a directory and are what they have to be, piece by piece while they are looked at; the
    /// others are named in the log.
    /// </summary>
    /// <param name="begin">What looks at a document.</param>
    public static async Task<FileCount> SortAsync(string from, string to, Func<PredictDocument> begin, StepContext context, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(to);
        var (valid, invalid) = (0, 0);
        foreach (var path in Directory.EnumerateFileSystemEntries(from).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = Path.GetFileName(path);
            if (!name.EndsWith(".json", StringComparison.Ordinal))
            {
                await context.LogAsync($"'{Shown(name)}' is left alone: only files whose name ends with .json are looked at", cancellationToken);
                continue;
            }
            var flaw = await CopyAsync(path, Path.Combine(to, name), begin(), context, cancellationToken);
            if (flaw is null)
            {
                valid++;
                continue;
            }
            if (++invalid <= MostNamed)
                await context.LogAsync($"'{Shown(name)}' is left out: {flaw}", cancellationToken, "WARNING");
        }
        if (invalid > MostNamed)
            await context.LogAsync(string.Create(CultureInfo.InvariantCulture, $"{invalid - MostNamed} more are left out"), cancellationToken, "WARNING");
        return new FileCount(valid, invalid);
    }

    /// <summary>The files of a directory that <see cref="SortAsync"/> has filled, by name.</summary>
    public static IReadOnlyList<string> NamesIn(string directory) => [.. Directory.EnumerateFiles(directory).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    /// <summary>A name as the log shows it: a file may be called like the next line of the log.</summary>
    public static string Shown(string name)
    {
        if (!name.Any(IsUnseen))
            return name;
        var shown = new StringBuilder();
        foreach (var c in name)
        {
            if (IsUnseen(c))
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                shown.Append(c);
        }
        return shown.ToString();
    }

    private static bool IsUnseen(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format;

    // Null: it is fit, and copied.
    private static async Task<string?> CopyAsync(string from, string to, PredictDocument document, StepContext context, CancellationToken cancellationToken)
    {
        // Of somebody's program: a link would bring in what we may read and it may not.
        if (new FileInfo(from).LinkTarget is not null || RegularFile.Look(from).Kind != FileKind.Regular)
            return "it is no regular file";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (length, flaw) = (0L, (string?)null);
        await using (var source = RegularFile.OpenStream(from))
        await using (var target = new FileStream(to, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            while (!document.IsBroken && length <= MostBytes)
            {
                var room = document.Room;
                var count = await source.ReadAsync(room, cancellationToken);
                if (count == 0)
                    break;
                var piece = room[..count];
                hash.AppendData(piece.Span);
                await target.WriteAsync(piece, cancellationToken);
                document.Advance(count);
                length += count;
            }
            flaw = length > MostBytes ? string.Create(CultureInfo.InvariantCulture, $"it has more than {MostBytes >> 20} MiB") : document.Finish();
        }
        if (flaw is not null)
        {
            File.Delete(to);
            return flaw;
        }
        await context.LogAsync(string.Create(CultureInfo.InvariantCulture, $"'{Shown(Path.GetFileName(from))}': {length} bytes, sha256 {Convert.ToHexStringLower(hash.GetHashAndReset())}"), cancellationToken);
        return null;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>
/// The hashes of the cache, the same ones as the inherited system's. SHA-1 serves to notice change here, not to resist
/// an attacker: whoever can write the files can write the results.
/// </summary>
[SuppressMessage("Security", "CA5350", Justification = "Inherited format; see the summary.")]
public static class TaskHash
{
    /// <summary>SHA-1 of the UTF-8 text, in lower-case hex.</summary>
    public static string Text(string text) => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Of the parts of the command and the arguments, joined by nothing.</summary>
    public static string Arguments(IEnumerable<string> command, IEnumerable<string> args) =>
        Text(string.Concat(command.Concat(args)));

    /// <summary>
    /// Of the contents of all files, in the order of their sorted paths; a directory stands for all files below it; what
    /// does not exist is left out; <c>~</c> is the home directory. Names do not count.
    /// </summary>
    public static Task<string> FilesAsync(IEnumerable<string> paths, CancellationToken cancellationToken) =>
        FilesAsync(paths, FileTree.Unconfined, cancellationToken);

    /// <summary>The same for files of a run.</summary>
    /// <exception cref="IOException">A path is a special file or leads out.</exception>
    internal static async Task<string> FilesAsync(IEnumerable<string> paths, FileTree tree, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        var buffer = new byte[128 * 1024];
        foreach (var path in paths.SelectMany(path => tree.Files(path, cancellationToken)).Order(StringComparer.Ordinal))
        {
            using var file = RegularFile.Open(path);
            int read;
            for (var offset = 0L; (read = await RandomAccess.ReadAsync(file, buffer, offset, cancellationToken)) > 0; offset += read)
                hash.AppendData(buffer, 0, read);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of <c>{"name": "hash", …}</c> with sorted names, as Python's <c>json.dumps</c> writes it.</summary>
    public static string Outputs(IReadOnlyDictionary<string, string> hashes) =>
        Text("{" + string.Join(", ", hashes.OrderBy(h => h.Key, StringComparer.Ordinal)
            .Select(h => $"\"{h.Key}\": \"{h.Value}\"")) + "}");
}

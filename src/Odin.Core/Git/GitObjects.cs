using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Odin.Git;

/// <summary>Takes the first bytes of a blob, at most as many as were asked for.</summary>
internal delegate Task BlobReader(GitEntry entry, Stream content, CancellationToken cancellationToken);

/// <summary>Reads and writes the objects of one repository. Nothing here touches a reference, a lock or a work tree.</summary>
internal sealed class GitObjects(GitProgram git, Func<string> gitDirectory)
{
    private const int MaxLinkLength = 4096;
    private const int MaxRecordLength = 64 * 1024;

    // The arguments of a program have a bound.
    private const int MaxPathsPerCall = 500;

    // Trees are small next to what they stand for: one commit of a few KiB can list a billion files.
    private const int MaxEntries = 500_000;

    /// <summary>Everything in a commit.</summary>
    /// <exception cref="GitException">There are too many entries.</exception>
    public async Task<GitTree> ReadTreeAsync(string commit, CancellationToken cancellationToken)
    {
        var entries = await ListAsync(new GitCall("ls-tree", "-r", "-l", "-z", "--full-tree", commit), cancellationToken);
        var links = new Dictionary<string, string>(StringComparer.Ordinal);
        await ReadBlobsAsync(
            entries.Where(entry => entry.Kind == GitEntryKind.SymbolicLink),
            async (entry, content, token) =>
            {
                var target = new byte[MaxLinkLength];
                var count = await content.ReadAtLeastAsync(target, target.Length, throwOnEndOfStream: false, token);
                // No file system takes a longer one; the root stands for it, which nothing may lead to.
                links[entry.Path] = count == target.Length ? "/" : Encoding.UTF8.GetString(target, 0, count);
            },
            cancellationToken);
        return new GitTree(commit, entries, links);
    }

    /// <summary>Those of the paths that exist in a commit.</summary>
    public async Task<IReadOnlyList<GitEntry>> ListAsync(string commit, IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        var found = new List<GitEntry>();
        foreach (var some in paths.Chunk(MaxPathsPerCall))
            found.AddRange(await ListAsync(new GitCall(["ls-tree", "-l", "-z", "--full-tree", commit, "--", .. some]), cancellationToken));
        return found;
    }

    /// <summary>Everything below a directory of a commit but directories.</summary>
    public async Task<IReadOnlyList<GitEntry>> ListBelowAsync(string commit, string directory, CancellationToken cancellationToken) =>
        await ListAsync(new GitCall("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", directory + "/"), cancellationToken);

    /// <summary>Hands the content of each entry to the reader, in order; what the reader leaves is skipped.</summary>
    public async Task ReadBlobsAsync(IEnumerable<GitEntry> entries, BlobReader reader, CancellationToken cancellationToken)
    {
        var wanted = entries.ToList();
        if (wanted.Count == 0)
            return;
        var call = new GitCall("cat-file", "--batch") { GitDirectory = gitDirectory() };
        var end = await git.TalkAsync(
            call,
            async (stdin, stdout, token) =>
            {
                await using var buffered = new BufferedStream(stdout, 64 * 1024);
                foreach (var entry in wanted)
                {
                    await stdin.WriteAsync(Encoding.ASCII.GetBytes(entry.Sha + "\n"), token);
                    await stdin.FlushAsync(token);
                    var size = ParseHeader(await ReadLineAsync(buffered, token), entry);
                    var content = new LimitedStream(buffered, size);
                    await reader(entry, content, token);
                    await content.SkipRestAsync(token);
                    await ReadLineAsync(buffered, token);
                }
            },
            cancellationToken);
        if (end.ExitCode != 0)
            throw git.Failure(call, end.Errors);
    }

    /// <summary>Stores a content.</summary>
    /// <param name="limit">Bytes; null is returned for a content that is longer, of which nothing is kept.</param>
    public async Task<(string Sha, long Size)?> WriteBlobAsync(Stream content, long limit, CancellationToken cancellationToken)
    {
        var call = new GitCall("hash-object", "-w", "--stdin") { GitDirectory = gitDirectory() };
        var spooled = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (spooled.Length + count > limit)
                    return null;
                spooled.Write(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        var answer = await git.RunAsync(call with { Input = spooled.GetBuffer().AsMemory(0, (int)spooled.Length) }, cancellationToken);
        return (answer.Text, spooled.Length);
    }

    private async Task<List<GitEntry>> ListAsync(GitCall call, CancellationToken cancellationToken)
    {
        var entries = new List<GitEntry>();
        var end = await git.TalkAsync(
            call with { GitDirectory = gitDirectory() },
            async (_, stdout, token) =>
            {
                await foreach (var record in ReadRecordsAsync(stdout, token))
                {
                    entries.Add(ParseEntry(record));
                    if (entries.Count > MaxEntries)
                        throw new GitException($"The repository holds more than {MaxEntries} files in one commit: it is too large to be used.");
                }
            },
            cancellationToken);
        return end.ExitCode == 0 ? entries : throw git.Failure(call, end.Errors);
    }

    // "100644 blob SHA    1234<TAB>path"
    private static GitEntry ParseEntry(string record)
    {
        var tab = record.IndexOf('\t', StringComparison.Ordinal);
        var head = record[..tab].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var kind = head[0] switch
        {
            "100755" => GitEntryKind.Executable,
            "120000" => GitEntryKind.SymbolicLink,
            "160000" => GitEntryKind.Submodule,
            "040000" => GitEntryKind.Directory,
            _ => GitEntryKind.File,
        };
        return new GitEntry(kind, head[2], long.TryParse(head[3], CultureInfo.InvariantCulture, out var size) ? size : 0, record[(tab + 1)..]);
    }

    // "SHA blob 1234"
    private static long ParseHeader(string? line, GitEntry entry) =>
        line?.Split(' ') is [_, "blob", var size]
            ? long.Parse(size, CultureInfo.InvariantCulture)
            : throw new GitException($"The content of '{entry.Path}' is missing in the repository ({line ?? "git ended early"}): run 'git fsck' there.");

    private static async Task<string?> ReadLineAsync(BufferedStream stream, CancellationToken cancellationToken)
    {
        var text = new ArrayBufferWriter<byte>(128);
        var one = new byte[1];
        while (await stream.ReadAsync(one, cancellationToken) == 1)
        {
            if (one[0] == '\n')
                return Encoding.UTF8.GetString(text.WrittenSpan);
            text.Write(one);
        }
        return null;
    }

    // What "-z" separates.
    private static async IAsyncEnumerable<string> ReadRecordsAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxRecordLength];
        var filled = 0;
        int count;
        while ((count = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken)) > 0)
        {
            filled += count;
            var start = 0;
            for (int length; (length = buffer.AsSpan(start, filled - start).IndexOf((byte)0)) >= 0; start += length + 1)
                yield return Encoding.UTF8.GetString(buffer, start, length);
            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            if (filled == buffer.Length)
                throw new GitException($"The repository holds a path of more than {MaxRecordLength / 1024} KiB: it is too long to be used.");
        }
    }
}

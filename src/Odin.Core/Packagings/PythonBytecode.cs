using System.Buffers.Binary;
using Odin.Execution;
using Odin.Images;

namespace Odin.Packagings;

/// <summary>
/// What Python has compiled of its sources on this machine. Without it every start of a model would compile all that it imports
/// anew, which takes longer than the import itself.
/// </summary>
internal static class PythonBytecode
{
    // As PEP 552 has it: a magic number, flags, then for flags of 0 the source's time of change and size.
    private const int HeadBytes = 16;

    /// <summary>The compiled file of a source, as it has to be in an image, where all files are of the time 0; null: there is none that fits.</summary>
    /// <param name="source">The path of a file, here and in the image.</param>
    /// <param name="version">Of Python, such as <c>3.11.2</c>.</param>
    public static LayerEntry? Find(string source, string version)
    {
        if (!source.EndsWith(".py", StringComparison.Ordinal) || version.Split('.') is not [var major, var minor, ..])
            return null;
        var path = Path.Combine(Path.GetDirectoryName(source)!, "__pycache__", $"{Path.GetFileNameWithoutExtension(source)}.cpython-{major}{minor}.pyc");
        try
        {
            var from = new FileInfo(source);
            if (!from.Exists || !File.Exists(path) || new FileInfo(path).LinkTarget is not null)
                return null;
            var head = new byte[HeadBytes];
            using (var file = RegularFile.Open(path))
            {
                if (RandomAccess.Read(file, head, 0) != HeadBytes)
                    return null;
            }
            var (flags, time, size) = (BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(4)), BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8)), BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(12)));
            if (flags != 0 || time != (uint)new DateTimeOffset(from.LastWriteTimeUtc).ToUnixTimeSeconds() || size != (uint)from.Length)
                return null;
            head.AsSpan(8, 4).Clear();
            return LayerEntry.File(path, path, head);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is a shortcut, and nothing is missing without it.
            return null;
        }
    }
}

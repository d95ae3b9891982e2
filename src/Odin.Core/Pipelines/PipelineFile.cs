using System.Text;
using Odin.Execution;

namespace Odin.Pipelines;

/// <summary>The text of a definition, or why there is none.</summary>
public sealed record PipelineFileResult(string? Text, Diagnostic? Problem);

/// <summary>Reads a definition from the disk, never more of it than is allowed.</summary>
public static class PipelineFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the file, or the <c>main.yml</c> in the directory. A problem is a value, never an exception.</summary>
    public static async Task<PipelineFileResult> ReadAsync(string path, PipelineParserOptions? options, CancellationToken cancellationToken)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, PipelineParser.FileName) : path;
        var most = (options ?? PipelineParserOptions.Default).MaxBytes;
        try
        {
            await using var stream = RegularFile.OpenStream(file);
            if (stream.Length > most)
                return TooLarge(file, most);
            // A file may grow while it is read, so that the bound is held here too.
            var buffer = new MemoryStream();
            var chunk = new byte[64 * 1024];
            for (var read = 1; read > 0 && buffer.Length <= most; buffer.Write(chunk, 0, read))
                read = await stream.ReadAsync(chunk, cancellationToken);
            return buffer.Length > most ? TooLarge(file, most) : Decode(file, buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Problem(file, DiagnosticCodes.MissingFile, $"There is no {Path.GetFileName(file)} in \"{Path.GetDirectoryName(Path.GetFullPath(file))}\"; a job is a directory with this file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Problem(file, DiagnosticCodes.UnreadableFile, $"The file cannot be read: {e.Message}");
        }
    }

    private static PipelineFileResult Decode(string file, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        try
        {
            return new PipelineFileResult(StrictUtf8.GetString(bytes), null);
        }
        catch (DecoderFallbackException e)
        {
            return Problem(file, DiagnosticCodes.UnreadableFile, $"The file is not UTF-8 text (byte {e.Index}); save it as UTF-8.");
        }
    }

    private static PipelineFileResult TooLarge(string file, int most) =>
        Problem(file, DiagnosticCodes.FileTooLarge, $"The file is larger than {most} bytes; split the job or shorten it.");

    private static PipelineFileResult Problem(string file, string code, string message) =>
        new(null, new Diagnostic(DiagnosticSeverity.Error, Path.GetFileName(file), 0, 0, code, message));
}

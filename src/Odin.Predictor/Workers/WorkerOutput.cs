using System.Text;

namespace Odin.Predictor.Workers;

/// <summary>Copies what a worker prints into the log, line by line.</summary>
internal static class WorkerOutput
{
    // A model that prints without end gets its text cut, and we keep our memory.
    private const int LongestLine = 8192;

    /// <summary>Returns when the worker, and whoever has its output, has closed it.</summary>
    public static async Task CopyAsync(Stream stream, Action<string> write)
    {
        var buffer = new byte[16384];
        var line = new List<byte>();
        try
        {
            while (await stream.ReadAsync(buffer) is > 0 and var count)
            {
                var rest = buffer.AsMemory(0, count);
                while (!rest.IsEmpty)
                {
                    var end = rest.Span.IndexOf((byte)'\n');
                    var part = end < 0 ? rest : rest[..end];
                    var room = Math.Min(part.Length, LongestLine - line.Count);
                    line.AddRange(part.Span[..room]);
                    if (end >= 0 || line.Count == LongestLine)
                        Flush(line, write);
                    rest = rest[(room < part.Length ? room : end < 0 ? part.Length : end + 1)..];
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Closed while we read.
        }
        if (line.Count > 0)
            Flush(line, write);
    }

    private static void Flush(List<byte> line, Action<string> write)
    {
        write(Encoding.UTF8.GetString(line.ToArray()).TrimEnd('\r'));
        line.Clear();
    }
}

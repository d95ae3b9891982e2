using System.Globalization;

namespace Odin.Predictor.Workers;

/// <summary>The resident memory of a process.</summary>
internal static class WorkerMemory
{
    /// <summary>Bytes; null when there is no such process, or it does not say.</summary>
    public static long? Of(int pid)
    {
        try
        {
            var words = File.ReadAllText($"/proc/{pid}/statm").Split(' ');
            return long.Parse(words[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return null;
        }
    }
}

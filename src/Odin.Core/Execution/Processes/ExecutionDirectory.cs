using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Odin.Execution.Processes;

/// <summary>
/// All that is known of one execution, as files in <c>DIR/{group}/{id}</c>; the only truth there is.
/// <list type="table">
/// <item><term>spec.json</term><description>written before anything is started: the execution is accepted</description></item>
/// <item><term>claim</term><description>made once, exclusively, by the shim that starts the program: its pid; or by the
/// server, holding 0 and perhaps the reason: nothing will ever be started</description></item>
/// <item><term>stop</term><description>why and when the end was asked for, written before the first signal</description></item>
/// <item><term>exit</term><description>the exit code, written by the shim; complete with the end of the line</description></item>
/// </list>
/// </summary>
internal sealed class ExecutionDirectory(string root, ExecutionKey key)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int Attempts = 5;

    public ExecutionKey Key { get; } = key;

    public string Path { get; } = System.IO.Path.Combine(root, key.Group, key.Id);

    private string SpecPath => System.IO.Path.Combine(Path, "spec.json");

    private string ClaimPath => System.IO.Path.Combine(Path, "claim");

    private string StopPath => System.IO.Path.Combine(Path, "stop");

    private string ExitPath => System.IO.Path.Combine(Path, "exit");

    /// <summary>Records an execution that <see cref="ReadSpec"/> does not know.</summary>
    /// <exception cref="IOException">The disk is full, read-only or otherwise unwilling.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory belongs to somebody else.</exception>
    public void Accept(ExecutionSpec spec)
    {
        var record = new AcceptedExecution(spec.Command[0], spec.WorkingDirectory, spec.GracePeriod, Machine.Current, spec.IsService);
        var text = JsonSerializer.SerializeToUtf8Bytes(record, ExecutionJson.Default.AcceptedExecution);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (!OperatingSystem.IsWindows())
                    Directory.CreateDirectory(Path, OwnerOnly);
                // Without a complete record nothing was ever started: an incomplete one is safely written again.
                File.WriteAllBytes(SpecPath, text);
                return;
            }
            catch (DirectoryNotFoundException) when (attempt < Attempts)
            {
                // The last execution of the group was being removed, and the directory of the group with it.
            }
        }
    }

    /// <summary>Null if the execution was never (completely) accepted.</summary>
    /// <exception cref="IOException">It could not be found out, as with all that is read here.</exception>
    public AcceptedExecution? ReadSpec()
    {
        var text = Native.ReadSmallFile(SpecPath);
        if (text is not { Length: > 0 })
            return null;
        try
        {
            return JsonSerializer.Deserialize(text, ExecutionJson.Default.AcceptedExecution);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Null if there is none yet; pid 0 if it is ours, -1 if it is not complete yet.</summary>
    public int? ReadClaim()
    {
        if (Native.ReadSmallFile(ClaimPath) is not { } text)
            return null;
        var line = text.AsSpan().IndexOf((byte)'\n');
        return line > 0 && int.TryParse(text.AsSpan(0, line), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : -1;
    }

    /// <summary>Makes the claim so that no shim can ever start the program.</summary>
    /// <param name="why">Kept for <see cref="ReadRefusal"/>.</param>
    /// <returns>False if a shim was faster.</returns>
    public bool Refuse(ExecutionOutcome? why = null)
    {
        var text = why is { } outcome ? $"0\n{outcome.Reason} {OneLine(outcome.Message)}\n" : "0\n";
        try
        {
            using var file = File.OpenHandle(ClaimPath, FileMode.CreateNew, FileAccess.Write);
            RandomAccess.Write(file, Encoding.UTF8.GetBytes(text), 0);
            return true;
        }
        catch (IOException) when (File.Exists(ClaimPath))
        {
            // Also when the disk had no room for the content: then the claim is empty, and refuses as well.
            return ReadClaim() is 0;
        }
    }

    /// <summary>Why the program was never started, if a launch that failed has said so.</summary>
    public ExecutionOutcome? ReadRefusal()
    {
        if (Native.ReadSmallFile(ClaimPath) is not { } text || Encoding.UTF8.GetString(text).Split('\n') is not ["0", var line, ""])
            return null;
        return line.Split(' ', 2) is [var reason, var message] ? new ExecutionOutcome(ExecutionPhase.Failed, reason, message) : null;
    }

    /// <summary>Null until the program has ended and its exit code is completely written.</summary>
    public int? ReadExitCode()
    {
        if (ParseLastLine(Native.ReadSmallFile(ExitPath), 1) is { } code)
            return code;
        return ParseLastLine(Native.ReadSmallFile(ClaimPath), 2);
    }

    /// <summary>When the program was started, from the claim.</summary>
    public DateTimeOffset? Started => TimeOf(ClaimPath);

    public DateTimeOffset? Finished => TimeOf(ExitPath) ?? TimeOf(ClaimPath);

    /// <summary>Records that the end is asked for; the first reason stays.</summary>
    public void WriteStop(StopRequest request)
    {
        if (File.Exists(StopPath))
            return;
        // A shim acts on the mere presence of the file, hence the content comes first.
        var temporary = StopPath + ".new";
        File.WriteAllText(temporary, string.Create(CultureInfo.InvariantCulture, $"{request.Reason} {request.Requested:O}\n"));
        File.Move(temporary, StopPath, overwrite: true);
    }

    /// <summary>Null if nobody asked, or if the program had ended before.</summary>
    public StopRequest? ReadStop()
    {
        if (Native.ReadSmallFile(StopPath) is not { Length: > 0 } text)
            return null;
        if (TimeOf(ExitPath) is { } exited && exited < TimeOf(StopPath))
            return null;
        var words = Encoding.UTF8.GetString(text).Split(' ', 2, StringSplitOptions.TrimEntries);
        return words.Length == 2 && DateTimeOffset.TryParse(words[1], CultureInfo.InvariantCulture, out var requested)
            ? new StopRequest(words[0], requested)
            : new StopRequest(ExecutionReasons.Cancelled, default);
    }

    public void Delete()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            return;
        }
        // Fails, as it should, while there are others in the group.
        _ = Native.RemoveDirectory(System.IO.Path.GetDirectoryName(Path)!);
    }

    // The claim is read by its lines.
    private static string OneLine(string? message) => (message ?? "").ReplaceLineEndings(" ");

    private static int? ParseLastLine(byte[]? text, int lines)
    {
        if (text is null || text.Length == 0 || text[^1] != '\n' || text.AsSpan().Count((byte)'\n') != lines)
            return null;
        var line = text.AsSpan(0, text.Length - 1);
        return int.TryParse(line[(line.LastIndexOf((byte)'\n') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : null;
    }

    private static DateTimeOffset? TimeOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new DateTimeOffset(file.LastWriteTimeUtc) : null;
    }
}

/// <summary>What is kept of a specification: no arguments and no environment, which may hold secrets.</summary>
/// <param name="Machine">Where it was accepted; null: by a program that did not know of others.</param>
/// <param name="IsService">It takes no slot.</param>
internal sealed record AcceptedExecution(string Command, string WorkingDirectory, TimeSpan GracePeriod, Machine? Machine = null, bool IsService = false);

/// <summary>Why and when the end of an execution was asked for.</summary>
/// <param name="Reason">One of <see cref="ExecutionReasons"/>.</param>
internal sealed record StopRequest(string Reason, DateTimeOffset Requested);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AcceptedExecution))]
internal sealed partial class ExecutionJson : JsonSerializerContext;

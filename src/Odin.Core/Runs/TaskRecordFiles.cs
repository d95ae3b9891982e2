using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Execution;

namespace Odin.Runs;

/// <summary>
/// The files by which a program talks to its own record, in <c>.odin</c> of the run's workspace:
/// <c>ODIN_OUTPUTS</c> (lines <c>key=value</c>, or one JSON object) and <c>ODIN_RECORD</c> (one JSON object).
/// </summary>
internal sealed class TaskRecordFiles(string runPath, string attemptId)
{
    /// <summary>More than this is not read: the record is for values, files are for data.</summary>
    public const int MaxBytes = 1024 * 1024;

    // A map with one key twice reads fine and fails later, where nobody expects it.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly string stem = Path.Combine(runPath, ".odin", attemptId);

    public string Outputs => stem + ".outputs";

    public string Record => stem + ".record";

    public string RunRecord => stem + ".run.json";

    /// <summary>What the program wrote.</summary>
    /// <param name="outputs">The text of its outputs, where the executor brings it; null: it is in the file, if anywhere.</param>
    /// <exception cref="InvalidDataException">It wrote something else; the message says what and where.</exception>
    public TaskRecordValues Read(string? outputs = null) => new(ParseOutputs(outputs ?? ReadText(Outputs)), ReadObject(Record));

    private JsonObject? ParseOutputs(string? text)
    {
        if (text is null)
            return null;
        if (text.AsSpan().TrimStart().StartsWith("{"))
            return ParseObject(Outputs, text);
        var values = new JsonObject();
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.TrimEnd('\r');
            if (line.Length == 0)
                continue;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                throw new InvalidDataException($"Line {number} of the file ODIN_OUTPUTS is not 'key=value'.");
            values[line[..equals].Trim()] = Value(line[(equals + 1)..]);
        }
        return values;
    }

    private JsonObject? ReadObject(string path) => ReadText(path) is { } text ? ParseObject(path, text) : null;

    private static JsonObject ParseObject(string path, string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Strict) as JsonObject
                ?? throw new InvalidDataException($"'{Path.GetFileName(path)}' does not hold a JSON object.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{Path.GetFileName(path)}' does not hold a JSON object: {e.Message}", e);
        }
    }

    // A value is JSON where it reads as JSON (numbers, booleans, lists, maps), and text otherwise.
    private static JsonNode? Value(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: Strict);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    // The program may have put anything in the place of the file: a pipe, or a link to what is none of its business.
    private string? ReadText(string path)
    {
        if (RegularFile.Look(path).Kind is FileKind.Missing)
            return null;
        using var file = new FileStream(FileTree.OfWorkspace(runPath).Open(path), FileAccess.Read);
        if (file.Length == 0)
            return null;
        if (file.Length > MaxBytes)
            throw new InvalidDataException($"'{Path.GetFileName(path)}' holds {file.Length} bytes; {MaxBytes} are allowed. Write data to a file and its path to the record.");
        // No more than that, also if something still writes to it.
        var bytes = new byte[file.Length];
        using var reader = new StreamReader(new MemoryStream(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)));
        return reader.ReadToEnd();
    }
}

/// <summary>What a program wrote into its record; null: nothing.</summary>
internal sealed record TaskRecordValues(JsonObject? Outputs, JsonObject? Record);

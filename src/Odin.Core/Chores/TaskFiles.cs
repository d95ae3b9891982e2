using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>The files through which a task and the engine tell each other things. Their paths come in the environment.</summary>
public static class TaskFiles
{
    /// <summary>Names the file that takes values for the <c>outputs</c> of the task's record.</summary>
    public const string OutputsVariable = "ODIN_OUTPUTS";

    /// <summary>Names the file that takes further members of the task's record, as one JSON object.</summary>
    public const string RecordVariable = "ODIN_RECORD";

    /// <summary>Names the file with the records of the run: <c>{"parent": {…}, "TASK": {…}}</c>, for the tasks executed before.</summary>
    public const string RunRecordVariable = "ODIN_RUN_RECORD";

    /// <summary>
    /// Adds values to the file behind <see cref="OutputsVariable"/> and keeps what is there: lines are appended to lines,
    /// and an object is merged with an object.
    /// </summary>
    public static async Task AddOutputsAsync(string path, JsonObject values, CancellationToken cancellationToken)
    {
        var before = File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : "";
        if (before.AsSpan().TrimStart() is ['{', ..])
        {
            await WriteAsync(path, Merge(ParseObject(path, before), values), cancellationToken);
            return;
        }
        var lines = new StringBuilder(before.Length == 0 || before.EndsWith('\n') ? "" : "\n");
        foreach (var (name, value) in values)
            lines.Append(name).Append('=').Append(value?.ToJsonString() ?? "null").Append('\n');
        await File.AppendAllTextAsync(path, lines.ToString(), cancellationToken);
    }

    /// <summary>Merges members into the object in the file behind <see cref="RecordVariable"/>.</summary>
    public static async Task AddRecordAsync(string path, JsonObject members, CancellationToken cancellationToken)
    {
        var before = File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : "";
        await WriteAsync(path, Merge(before.Trim().Length == 0 ? [] : ParseObject(path, before), members), cancellationToken);
    }

    /// <summary>
    /// The records of the run; an empty object when the path is null or there is no file: the engine writes it only for
    /// tasks that name <c>odin</c> in their command or arguments.
    /// </summary>
    public static async Task<JsonObject> ReadRunRecordAsync(string? path, CancellationToken cancellationToken) =>
        File.Exists(path) ? ParseObject(path, await ReadAsync(path, cancellationToken)) : [];

    private static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ChoreException($"The file '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static JsonObject ParseObject(string path, string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject
                ?? throw new ChoreException($"The file '{path}' must hold one JSON object.");
        }
        catch (JsonException e)
        {
            throw new ChoreException($"The file '{path}' must hold one JSON object, but it is not valid JSON: {e.Message}", e);
        }
    }

    private static JsonObject Merge(JsonObject target, JsonObject more)
    {
        foreach (var (name, value) in more)
            target[name] = value?.DeepClone();
        return target;
    }

    private static async Task WriteAsync(string path, JsonObject value, CancellationToken cancellationToken)
    {
        // Whole or not at all: the task may be stopped at any moment.
        var temporary = path + ".new";
        await File.WriteAllTextAsync(temporary, value.ToJsonString(), cancellationToken);
        File.Move(temporary, path, overwrite: true);
    }
}

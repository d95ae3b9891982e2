using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Runs;

/// <summary>Tasks and runs as the records that references, chores and the inherited API see.</summary>
public static class TaskRecord
{
    /// <summary>The record of a task, spec 4.2: <c>label, parent, name, command, image, args, …, outputs</c>.</summary>
    public static JsonObject Of(TaskRun task)
    {
        var (spec, status) = (task.Spec.Task, task.Status);
        var record = new JsonObject
        {
            ["label"] = task.Id,
            ["parent"] = task.Spec.RunId,
            ["name"] = spec.Name,
            ["command"] = spec.Command.Count == 1 ? spec.Command[0] : Array(spec.Command),
            ["image"] = spec.Image,
            ["args"] = Array(status.Args ?? spec.Args.Select(References.Unescape)),
            ["resource_type"] = spec.ResourceType,
            ["node_selector"] = spec.NodeSelector is null ? null : new JsonObject(spec.NodeSelector.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
            ["pull_policy"] = spec.PullPolicy,
            ["num_gpus"] = spec.NumGpus,
            ["inputs"] = spec.Inputs is null ? null : Array(status.Inputs ?? spec.Inputs.Select(References.Unescape)),
            ["outputs"] = status.Outputs?.DeepClone() ?? (spec.Outputs is null ? null : ResolvedTask.DeclaredOutputs(task)),
        };
        if (status.ResourceId is not null)
            record["resource_id"] = status.ResourceId;
        foreach (var (key, value) in status.Record ?? [])
            record[key] = value?.DeepClone();
        return record;
    }

    /// <summary>What <c>task.field.sub…</c> names, or null; the first part is the name of the task.</summary>
    public static JsonNode? Lookup(string path, Func<string, TaskRun?> byName)
    {
        var parts = path.Split('.');
        if (byName(parts[0]) is not { } task)
            return null;
        JsonNode? node = Of(task);
        foreach (var part in parts.Skip(1))
        {
            node = node switch
            {
                JsonObject map => map[part],
                JsonArray list when int.TryParse(part, out var index) && index >= 0 && index < list.Count => list[index],
                _ => null,
            };
        }
        return node?.GetValueKind() == JsonValueKind.Null ? null : node;
    }

    private static JsonArray Array(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode?)t)];
}

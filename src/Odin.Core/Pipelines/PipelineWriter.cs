using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>Writes definitions as <c>main.yml</c>: snake_case keys, and only what is set.</summary>
public static class PipelineWriter
{
    /// <summary>The members of a task on the wire that have a name of their own; the others are the same words in camelCase.</summary>
    private static readonly Dictionary<string, string> WireNames = new(StringComparer.Ordinal)
    {
        ["configMaps"] = "config_maps",
        ["ephemVolumes"] = "ephem_volumes",
        ["ephemeralVolumes"] = "ephem_volumes",
        ["dependsOn"] = "depends",
    };

    /// <summary>A text from which <see cref="PipelineParser"/> reads the same pipeline.</summary>
    public static string Write(Pipeline pipeline)
    {
        var root = new JsonObject();
        if (pipeline.Name != Pipeline.DefaultName)
            root["name"] = pipeline.Name;
        if (pipeline.OnFailure != FailurePolicy.Stop)
            root["on_failure"] = pipeline.OnFailure == FailurePolicy.FailFast ? "fail_fast" : "continue";
        if (pipeline.Parameters.Count > 0)
            root["parameters"] = new JsonObject(pipeline.Parameters.Select(parameter => KeyValuePair.Create<string, JsonNode?>(parameter.Name, ToJson(parameter))));
        root["tasks"] = new JsonArray([.. pipeline.Tasks.Select(ToJson)]);
        return YamlText.Write(root);
    }

    /// <summary>
    /// A definition from the task maps of the REST API. Members may be camelCase or snake_case; nulls, empty lists and the computed
    /// <c>id</c> are left out, lists of <c>{key, value}</c> become maps. Nothing is checked: parse the result.
    /// </summary>
    /// <param name="name">Null: the definition gets no name.</param>
    public static string Write(string? name, JsonArray tasks)
    {
        var root = new JsonObject();
        if (name is not null)
            root["name"] = name;
        root["tasks"] = new JsonArray([.. tasks.Select(task => task is JsonObject map ? FromWire(map) : task?.DeepClone())]);
        return YamlText.Write(root);
    }

    /// <summary>One task as the map that stands in the file.</summary>
    public static JsonObject ToJson(PipelineTask task)
    {
        var map = new JsonObject { ["name"] = task.Name, ["image"] = task.Image, ["command"] = task.Command is [var program] ? program : List(task.Command) };
        Set(map, "args", List(task.Args));
        Set(map, "depends", List(task.DependsOn));
        Set(map, "inputs", List(task.Inputs));
        if (task.Outputs is { } outputs)
            map["outputs"] = Map(outputs, output => output.IsList || output.Paths.Count != 1 ? List(output.Paths) : JsonValue.Create(output.Paths[0]));
        Set(map, "env", Map(task.Env, value => JsonValue.Create(value)));
        Set(map, "working_dir", task.WorkingDir);
        Set(map, "retries", ToJson(task.Retries));
        Set(map, "timeout", Format(task.Timeout));
        Set(map, "pending_timeout", Format(task.PendingTimeout));
        Set(map, "executor", task.Executor);
        Set(map, "resource_type", task.ResourceType == ResourceTypes.Pod ? null : task.ResourceType);
        Set(map, "num_gpus", task.NumGpus == 0 && !TaskReader.OneGpuTypes.Contains(task.ResourceType) ? null : JsonValue.Create(task.NumGpus));
        Set(map, "num_workers", task.NumWorkers == 1 ? null : JsonValue.Create(task.NumWorkers));
        Set(map, "cpu", ToJson(task.Cpu));
        Set(map, "memory", ToJson(task.Memory));
        Set(map, "pull_policy", task.PullPolicy == "IfNotPresent" ? null : task.PullPolicy);
        Set(map, "node_selector", Map(task.NodeSelector, value => JsonValue.Create(value)));
        Set(map, "tolerations", new JsonArray([.. task.Tolerations.Select(t => Compact(
            ("key", t.Key), ("operator", t.Operator), ("value", t.Value), ("effect", t.Effect), ("seconds", t.Seconds)))]));
        Set(map, "security_context", ToJson(task.SecurityContext));
        Set(map, "service_account", task.ServiceAccount);
        AddVolumes(map, task);
        return map;
    }

    private static void AddVolumes(JsonObject map, PipelineTask task)
    {
        Set(map, "mounts", new JsonArray([.. task.Mounts.Select(mount => Compact(("name", mount.Name), ("path", mount.Path), ("claim", mount.Claim)))]));
        Set(map, "secrets", new JsonArray([.. task.Secrets.Select(secret => Compact(
            ("name", secret.Name), ("path", secret.Path), ("sub_path", secret.SubPath), ("mode", secret.Mode)))]));
        Set(map, "config_maps", new JsonArray([.. task.ConfigMaps.Select(config => Compact(("name", config.Name), ("path", config.Path), ("sub_path", config.SubPath)))]));
        Set(map, "ephem_volumes", new JsonArray([.. task.EphemeralVolumes.Select(volume => Compact(
            ("name", volume.Name), ("type", volume.Type), ("medium", volume.Medium), ("size_limit", volume.SizeLimit)))]));
    }

    private static JsonObject ToJson(PipelineParameter parameter)
    {
        var map = Compact(("type", parameter.Type.ToString().ToLowerInvariant()), ("default", parameter.Default?.DeepClone()), ("description", parameter.Description));
        if (parameter.Choices is { } choices)
            map["choices"] = new JsonArray([.. choices.Select(choice => choice.DeepClone())]);
        return map;
    }

    private static JsonNode? ToJson(RetryPolicy retries)
    {
        var standard = new RetryPolicy();
        if (retries == standard)
            return null;
        return retries == standard with { Limit = retries.Limit }
            ? JsonValue.Create(retries.Limit)
            : Compact(("limit", retries.Limit), ("backoff", Format(retries.Backoff)), ("max_backoff", Format(retries.MaxBackoff)));
    }

    private static JsonObject? ToJson(ResourceAmounts? amounts) =>
        amounts is null ? null : Compact(("limits", amounts.Limits), ("requests", amounts.Requests));

    private static JsonObject? ToJson(SecurityContext? context) =>
        context is null ? null : Compact(("fs_group", context.FsGroup), ("run_as_group", context.RunAsGroup), ("run_as_user", context.RunAsUser));

    private static string? Format(TimeSpan? duration) => duration is { } value ? ScalarFormats.Format(value) : null;

    private static JsonObject FromWire(JsonObject task)
    {
        var result = new JsonObject();
        foreach (var (member, value) in task)
        {
            var key = WireNames.GetValueOrDefault(member) ?? ToSnakeCase(member);
            var converted = key is "node_selector" or "outputs" or "env" ? PairsToMap(value) : Strip(value);
            if (key != "id")
                Set(result, key, converted);
        }
        return result;
    }

    private static JsonNode? Strip(JsonNode? value) => value switch
    {
        JsonObject map => new JsonObject(map.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(ToSnakeCase(pair.Key), Strip(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Strip)]),
        _ => value?.DeepClone(),
    };

    private static JsonNode? PairsToMap(JsonNode? value)
    {
        if (value is not JsonArray list)
            return value?.DeepClone();
        var map = new JsonObject();
        foreach (var item in list)
        {
            if (item is not JsonObject pair || (pair["key"] ?? pair["name"]) is not JsonValue key || key.GetValueKind() != JsonValueKind.String)
                return list.DeepClone();
            map[key.GetValue<string>()] = (pair["value"] ?? pair["path"])?.DeepClone();
        }
        return map;
    }

    private static string ToSnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsAsciiLetterUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString(CultureInfo.InvariantCulture)));

    private static JsonArray? List(IReadOnlyList<string>? items) => items is null ? null : new JsonArray([.. items.Select(item => JsonValue.Create(item))]);

    private static JsonObject? Map<T>(IReadOnlyDictionary<string, T>? map, Func<T, JsonNode?> convert) =>
        map is null ? null : new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, convert(pair.Value))));

    private static void Set(JsonObject map, string key, JsonNode? value)
    {
        if (value is not (null or JsonArray { Count: 0 } or JsonObject { Count: 0 }))
            map[key] = value;
    }

    private static JsonObject Compact(params ReadOnlySpan<(string Key, JsonNode? Value)> members)
    {
        var map = new JsonObject();
        foreach (var (key, value) in members)
            Set(map, key, value);
        return map;
    }
}

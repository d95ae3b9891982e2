using System.Text.RegularExpressions;
using Odin.Execution;
using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>A task as read, with the places that later checks report.</summary>
/// <param name="Name">Null when it is missing or wrong.</param>
/// <param name="Task">Null when something in it is wrong. Its dependencies are those of <c>depends</c> only.</param>
internal sealed record TaskDraft(string? Name, YamlPosition NamePosition, PipelineTask? Task, YamlMapping Map, IReadOnlyList<TaskDependency> Depends);

/// <summary>A name that a task depends on, with the place where it says so.</summary>
internal readonly record struct TaskDependency(string Name, YamlPosition Position);

/// <summary>Reads the map of one task.</summary>
internal static partial class TaskReader
{
    public static IReadOnlyList<string> Keys { get; } =
    [
        "name", "image", "command", "args", "depends", "inputs", "outputs", "env", "working_dir", "retries", "timeout", "pending_timeout",
        "executor", "resource_type", "num_gpus", "num_workers", "cpu", "memory", "pull_policy", "node_selector", "tolerations", "security_context", "service_account",
        "mounts", "mount", "secrets", "secret", "config_maps", "config_map", "ephem_volumes", "ephem_volume", "id",
    ];

    private const string ForShell = "|&;<>()$`\\\"'*?\n";

    internal static readonly string[] OneGpuTypes = [ResourceTypes.TFJob, ResourceTypes.PyTorchJob, ResourceTypes.ElasticJob];

    /// <param name="number">Position in the list, from 1, for messages about a task without a name.</param>
    public static TaskDraft Read(YamlMapping map, int number, PipelineParserOptions options, DiagnosticBag bag)
    {
        var nameNode = map.Entries.FirstOrDefault(entry => entry.Name == "name")?.Value as YamlScalar;
        var reader = new MapReader(map, nameNode is { Kind: YamlScalarKind.Text, Text.Length: > 0 } ? $"task {DiagnosticBag.Quote(nameNode.Text)}" : $"task {number}", bag);
        reader.RefuseUnknown(Keys);
        var name = ReadName(reader);
        var depends = ReadDepends(reader);
        var task = new PipelineTask
        {
            Name = name ?? "",
            Image = NotEmpty(reader, "image", reader.RequiredText("image", "name the container image that it runs in")) ?? "",
            Command = ReadCommand(reader) ?? [],
            Args = reader.TextList("args") ?? [],
            DependsOn = [.. depends.Select(dependency => dependency.Name).Distinct()],
            Inputs = reader.TextOrList("inputs"),
            Outputs = ReadOutputs(reader),
            Env = ReadEnv(reader),
            WorkingDir = NotEmpty(reader, "working_dir", reader.Text("working_dir")),
            Executor = options.Executors is { } executors ? reader.Choice("executor", executors) : NotEmpty(reader, "executor", reader.Text("executor")),
            PullPolicy = reader.Choice("pull_policy", ["IfNotPresent", "Always", "Never"]) ?? "IfNotPresent",
            NumWorkers = reader.Integer("num_workers", 1, 10_000) ?? 1,
            NodeSelector = reader.TextMap("node_selector", ScalarValues.Refused),
            Mounts = VolumeReader.ReadMounts(reader),
            Secrets = VolumeReader.ReadSecrets(reader),
            ConfigMaps = VolumeReader.ReadConfigMaps(reader),
            EphemeralVolumes = VolumeReader.ReadEphemeralVolumes(reader),
            Cpu = reader.Amounts("cpu"),
            Memory = reader.Amounts("memory"),
            SecurityContext = ReadSecurityContext(reader),
            Tolerations = ReadTolerations(reader),
            ServiceAccount = NotEmpty(reader, "service_account", reader.Text("service_account")),
        };
        VolumeReader.CheckMountsHaveVolumes(task, reader);
        return new TaskDraft(name, nameNode?.Position ?? map.Position, ReadKind(ReadLimits(task, reader), reader), map, depends);
    }

    private static PipelineTask ReadLimits(PipelineTask task, MapReader reader) => task with
    {
        Retries = ReadRetries(reader),
        Timeout = reader.Duration("timeout", TimeSpan.FromMilliseconds(1)),
        PendingTimeout = reader.Duration("pending_timeout", TimeSpan.FromMilliseconds(1)),
    };

    private static PipelineTask ReadKind(PipelineTask task, MapReader reader)
    {
        // One spelling of each is enough for the message; all of them are accepted.
        var spelling = reader.Text("resource_type");
        var kind = ResourceTypes.Pod;
        if (spelling is not null && !ResourceTypes.BySpelling.TryGetValue(spelling, out kind!))
        {
            reader.Bag.Error(reader.Node("resource_type")!.Position, DiagnosticCodes.InvalidValue,
                $"{reader.Label("resource_type")} is {DiagnosticBag.Quote(spelling)}, which is not a resource type{reader.Bag.Suggest(spelling, [.. ResourceTypes.BySpelling.Keys])}; use {string.Join(", ", ResourceTypes.BySpelling.Values.Distinct().Where(ResourceTypes.RunsPrograms))}.");
            kind = ResourceTypes.Pod;
        }
        if (!ResourceTypes.RunsPrograms(kind))
            reader.Bag.Error(reader.Node("resource_type")!.Position, DiagnosticCodes.InvalidValue, $"{reader.Label("resource_type")}: {ResourceTypes.NoTask(kind)}");
        // A written 0 counts, or these kinds could not run where there are no GPUs.
        var gpus = reader.Integer("num_gpus", 0, 1024);
        return task with { ResourceType = kind, NumGpus = OneGpuTypes.Contains(kind) && gpus != 0 ? 1 : gpus ?? 0 };
    }

    private static string? ReadName(MapReader reader)
    {
        var name = reader.RequiredText("name", "every task needs a name of its own");
        if (name is null || (NamePattern().IsMatch(name) && !name.Contains("--", StringComparison.Ordinal)))
            return name;
        var lower = Regex.Replace(name.ToLowerInvariant(), "[^a-z0-9]+", "-").Trim('-');
        var remedy = lower.Length > 0 ? $"; write {DiagnosticBag.Quote(lower)}" : "";
        reader.Bag.Error(reader.Node("name")!.Position, DiagnosticCodes.InvalidName,
            $"The task name {DiagnosticBag.Quote(name)} must consist of lower case letters, digits and single hyphens, and begin and end with a letter or digit, because it becomes part of names in Kubernetes{remedy}.");
        // The name is good enough to find dependencies by, so that a bad one does not make others look wrong.
        return name.Length > 0 ? name : null;
    }

    private static List<TaskDependency> ReadDepends(MapReader reader)
    {
        if (reader.TextOrList("depends") is null)
            return [];
        var node = reader.Node("depends")!;
        var result = new List<TaskDependency>();
        foreach (var item in (node is YamlSequence list ? list.Items : [node]).OfType<YamlScalar>())
        {
            if (item.Kind == YamlScalarKind.Text)
                result.Add(new TaskDependency(item.Text.StartsWith('^') ? item.Text[1..] : item.Text, item.Position));
        }
        return result;
    }

    private static IReadOnlyList<string>? ReadCommand(MapReader reader)
    {
        if (reader.Required("command", "give the program to run, as a text or a list of texts") is not { } node || reader.TextOrList("command") is not { } command)
            return null;
        if (command.Count > 0 && command[0].Length > 0)
        {
            WarnAboutOneWord(command, node, reader);
            return command;
        }
        if (node is not YamlSequence { Items.Count: > 0 } || command.Count > 0)
            reader.Bag.Error(node.Position, DiagnosticCodes.InvalidValue, $"{reader.Label("command")} is empty; give the program to run.");
        return null;
    }

    private static void WarnAboutOneWord(IReadOnlyList<string> command, YamlNode node, MapReader reader)
    {
        if (command.Count > 1 || !command[0].Any(char.IsWhiteSpace))
            return;
        var words = command[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var forShell = command[0].Any(ForShell.Contains);
        var remedy = forShell ? $"[sh, -c, {DiagnosticBag.Quote(command[0])}]" : $"[{DiagnosticBag.Shorten(string.Join(", ", words))}]";
        reader.Bag.Warning(node.Position, DiagnosticCodes.OneWord,
            $"{reader.Label("command")} is one word, {DiagnosticBag.Quote(command[0])}: it is not split, and no shell reads it; write {remedy}.");
    }

    private static Dictionary<string, OutputPaths>? ReadOutputs(MapReader reader)
    {
        if (reader.Node("outputs") is YamlSequence list)
        {
            reader.Bag.Error(list.Position, DiagnosticCodes.WrongType,
                $"{reader.Label("outputs")} must be a map from a label to a path or a list of paths, but it is a list; write for example {{model: out/model.bin}}.");
            return null;
        }
        if (reader.MapOf("outputs") is not { } outputs)
            return null;
        var result = new Dictionary<string, OutputPaths>(StringComparer.Ordinal);
        foreach (var entry in outputs.Map.Entries)
        {
            if (outputs.TextOrList(entry.Name) is { } paths)
                result[entry.Name] = new OutputPaths(paths, entry.Value is YamlSequence);
            else if (entry.Value.IsNull)
                reader.Bag.Error(entry.Key.Position, DiagnosticCodes.InvalidValue, $"{MapReader.Capital(outputs.What)}: {DiagnosticBag.Quote(entry.Name)} has no path; give one.");
        }
        return result.Count > 0 ? result : null;
    }

    private static IReadOnlyDictionary<string, string> ReadEnv(MapReader reader)
    {
        var env = reader.TextMap("env", ScalarValues.AsWritten) ?? new Dictionary<string, string>();
        if (env.Count == 0)
            return env;
        foreach (var key in reader.MapOf("env")!.Map.Entries.Select(entry => entry.Key).Where(key => !VariableNamePattern().IsMatch(key.Text)))
        {
            reader.Bag.Error(key.Position, DiagnosticCodes.InvalidName,
                $"{reader.Label("env")}: {DiagnosticBag.Quote(key.Text)} is no name of an environment variable; use letters, digits and \"_\", and begin with no digit.");
        }
        return env;
    }

    private static RetryPolicy ReadRetries(MapReader reader)
    {
        const int most = 1000;
        var policy = new RetryPolicy();
        if (reader.Node("retries") is not YamlMapping)
            return policy with { Limit = reader.Integer("retries", 0, most) ?? 0 };
        var retries = reader.MapOf("retries")!;
        retries.RefuseUnknown(["limit", "backoff", "max_backoff"]);
        var limit = retries.Required("limit", "say how many further attempts there are") is null ? 0 : retries.Integer("limit", 0, most) ?? 0;
        var backoff = retries.Duration("backoff", TimeSpan.Zero) ?? policy.Backoff;
        var longest = retries.Duration("max_backoff", TimeSpan.Zero);
        if (longest < backoff)
        {
            reader.Bag.Error(retries.Node("max_backoff")!.Position, DiagnosticCodes.InvalidValue,
                $"{MapReader.Capital(retries.Label("max_backoff"))} is {ScalarFormats.Format(longest.Value)}, less than \"backoff\" ({ScalarFormats.Format(backoff)}); make it at least that.");
        }
        return new RetryPolicy(limit, backoff, longest ?? (backoff > policy.MaxBackoff ? backoff : policy.MaxBackoff));
    }

    private static SecurityContext? ReadSecurityContext(MapReader reader)
    {
        if (reader.MapOf("security_context") is not { } context)
            return null;
        context.RefuseUnknown(["fs_group", "run_as_group", "run_as_user"]);
        return new SecurityContext(
            context.Integer("fs_group", 0, int.MaxValue), context.Integer("run_as_group", 0, int.MaxValue), context.Integer("run_as_user", 0, int.MaxValue));
    }

    private static List<Toleration> ReadTolerations(MapReader reader)
    {
        var result = new List<Toleration>();
        foreach (var toleration in reader.Maps("tolerations"))
        {
            toleration.RefuseUnknown(["key", "operator", "value", "effect", "seconds"]);
            var (key, value) = (toleration.Text("key"), toleration.Text("value"));
            var how = toleration.Choice("operator", ["Equal", "Exists"]) ?? (value is null ? "Exists" : "Equal");
            var effect = toleration.Choice("effect", ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
            if (how == "Exists" && value is not null)
            {
                reader.Bag.Error(toleration.Node("value")!.Position, DiagnosticCodes.InvalidValue,
                    $"{MapReader.Capital(toleration.Label("value"))} has no meaning with the operator \"Exists\"; remove it, or write operator: Equal.");
            }
            if (how == "Equal" && key is null)
                toleration.Required("key", "name the taint, or write operator: Exists for every taint");
            result.Add(new Toleration(key, how, value, effect, toleration.Integer("seconds", 0, int.MaxValue)));
        }
        return result;
    }

    private static string? NotEmpty(MapReader reader, string key, string? text)
    {
        if (text is { Length: 0 })
            reader.Bag.Error(reader.Node(key)!.Position, DiagnosticCodes.InvalidValue, $"{reader.Label(key)} is an empty text; fill it or remove the key.");
        return text;
    }

    [GeneratedRegex(@"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z")]
    internal static partial Regex VariableNamePattern();
}

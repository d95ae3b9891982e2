using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Nodes;

/// <summary><c>odin gpus</c>: the graphics processors of every node, and who uses them.</summary>
internal sealed class GpusCommand : RemoteCommand
{
    private static readonly string[] Columns = ["host", "gpu", "type", "free", "power", "util", "memuse", "processes", "pids"];

    public GpusCommand(CliSession session)
        : base(session, "gpus", "Lists the GPUs of every node, and what runs on them.")
    {
        Group = CommandGroup.Server;
        Examples = ["odin gpus", "odin gpus -o json"];
        Take(output: true);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var answer = (await call.Client.GetAsync("v1/nodes", cancellationToken)).EnsureSuccess();
        var nodes = answer.Member("nodes").AsArray().OfType<JsonObject>().ToList();
        if (call.Printer.Data(answer.Body, nodes.Select(n => n["host"]?.ToString())))
            return ExitCode.Success;
        foreach (var node in nodes.Where(n => n["error"] is not null))
            call.Printer.Note($"{node["host"]}: {node["error"]}");
        var rows = nodes.SelectMany(n => (n["gpus"] as JsonArray ?? []).OfType<JsonObject>().Select(g => Row(n, g))).ToList();
        if (rows.Count > 0)
            TextTable.Write(call.Printer.Messages, Columns, rows);
        else
            call.Printer.Note(nodes.Count == 0 ? "There are no nodes." : $"There are no GPUs on {(nodes.Count == 1 ? "the node" : $"any of the {nodes.Count} nodes")}.");
        if (!Session.StockAlias && (answer.Body as JsonObject)?["hasAgents"] is JsonValue asked && asked.TryGetValue<bool>(out var has) && !has)
            call.Printer.Note("No agents are set (the setting 'agents'): that is the server's own machine.");
        return ExitCode.Success;
    }

    private static object?[] Row(JsonObject node, JsonObject gpu)
    {
        // Absent means none; anything else that is not a list means that the driver would not say.
        var known = !gpu.ContainsKey("processes") || gpu["processes"] is JsonArray;
        var processes = (gpu["processes"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var power = gpu["powerReadings"] as JsonObject;
        var utilization = gpu["utilization"] as JsonObject;
        var memory = processes.Sum(p => Number(p["used_memory"]) ?? 0);
        return
        [
            node["host"]?.ToString(),
            Id(gpu["id"]?.ToString()),
            gpu["productName"]?.ToString().Replace("GeForce ", "", StringComparison.Ordinal),
            known ? processes.Count == 0 ? "YES" : "NO" : "NA",
            $"{Whole(power?["powerDraw"]),4}/{Whole(power?["powerLimit"])}{power?["unit"]}",
            Number(utilization?["gpuUtil"]) is { } util && util != 0 ? string.Create(CultureInfo.InvariantCulture, $"{util:0}{utilization?["unit"]}") : "",
            memory == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{memory:0}M"),
            known ? string.Join(' ', processes.Select(p => p["process_name"]?.ToString())) : "NA",
            known ? string.Join(' ', processes.Select(p => p["pid"]?.ToString())) : "NA",
        ];
    }

    private static string? Id(string? id) => id?.Split(':') is { Length: > 1 } parts ? parts[1] : id;

    private static string Whole(JsonNode? node) => Number(node)?.ToString("0", CultureInfo.InvariantCulture) ?? "N/A";

    // Figures come as numbers, as text, as text with a unit, or as "N/A".
    private static double? Number(JsonNode? node) =>
        double.TryParse(node?.ToString().Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}

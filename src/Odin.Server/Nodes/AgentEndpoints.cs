using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Nodes;
using Odin.Server.Health;
using Odin.Server.Hosting;
using Odin.Server.Metrics;

namespace Odin.Server.Nodes;

/// <summary>What an agent answers: the GPUs of its machine as the inherited agent did, and the rest of the machine.</summary>
internal static class AgentEndpoints
{
    // Longer than anybody who gathers from many agents waits; a driver that takes longer hangs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static void MapAgent(this IEndpointRouteBuilder app)
    {
        var v1 = app.MapGroup("/v1");
        v1.MapGet("/gpus", ListAsync);
        v1.MapGet("/gpus/{uuid}", ShowAsync);
        v1.MapGet("/node", (HttpContext context, MachineReader machine) => TypedResults.Ok(MachineWire.From(machine.Read(), Address(context))));
        v1.MapGet("/ping", () => TypedResults.Ok("pong"));
        app.MapGet("/health", Check);
        app.MapGet("/metrics", MeasureAsync);
    }

    /// <summary>Waits for a reading, but not for ever.</summary>
    /// <exception cref="TimeoutException">The driver hangs.</exception>
    private static async Task<GpuReport> ReadAsync(GpuReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"The GPU driver has not answered for {Patience.TotalSeconds:0} s.", e);
        }
    }

    private static async Task<IResult> ListAsync(string? q, GpuReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        var report = await ReadAsync(reader, time, cancellationToken);
        var gpus = report.Gpus.Where(g => string.IsNullOrEmpty(q) || g.Name?.Contains(q, StringComparison.OrdinalIgnoreCase) == true);
        var answer = new JsonObject { ["gpus"] = new JsonArray([.. gpus.Select(g => (JsonNode)GpuWire.From(g))]) };
        if (report.Problems.Count > 0)
            answer["errors"] = new JsonArray([.. report.Problems.Select(p => (JsonNode)p)]);
        return TypedResults.Ok(answer);
    }

    private static async Task<IResult> ShowAsync(string uuid, GpuReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        var report = await ReadAsync(reader, time, cancellationToken);
        return report.Gpus.FirstOrDefault(g => uuid.Equals(g.Uuid, StringComparison.OrdinalIgnoreCase)) is { } gpu
            ? TypedResults.Ok(GpuWire.From(gpu))
            : Problem.NotFound($"There is no GPU '{uuid}' on this machine.");
    }

    // Reads nothing itself: probes come often, and restarting an agent mends no driver. So it is never "failing".
    private static Microsoft.AspNetCore.Http.HttpResults.Ok<HealthAnswer> Check(GpuReader reader)
    {
        var waited = reader.Reading is { } so && so >= Patience ? $"The GPU driver has not answered for {so.TotalSeconds:0} s." : null;
        var problem = waited ?? (reader.Last is { Problems: [_, ..] problems } ? string.Join("; ", problems) : null);
        var status = problem is null ? HealthPart.Ok : "degraded";
        return TypedResults.Ok(new HealthAnswer(status, new Dictionary<string, HealthPart> { ["gpus"] = new(status, 0, problem) }));
    }

    private static async Task<IResult> MeasureAsync(
        MetricsRegistry registry, GpuReader reader, MachineReader machine, TimeProvider time, CancellationToken cancellationToken)
    {
        var text = new StringBuilder(PrometheusText.Write(registry.Collect()));
        NodeGauges.Write(text, machine.Read());
        try
        {
            NodeGauges.Write(text, await ReadAsync(reader, time, cancellationToken));
        }
        catch (TimeoutException)
        {
            // The figures of the machine are worth the more when its driver hangs.
            text.Append("# The GPU driver does not answer: its figures are left out.\n");
        }
        return TypedResults.Text(text.ToString(), PrometheusText.ContentType);
    }

    // The address by which we are reached is the one to tell, on a machine with many.
    private static string Address(HttpContext context)
    {
        var local = context.Connection.LocalIpAddress;
        if (local is { IsIPv4MappedToIPv6: true })
            local = local.MapToIPv4();
        return local is null || IPAddress.IsLoopback(local) ? LocalNode.Address() : local.ToString();
    }
}

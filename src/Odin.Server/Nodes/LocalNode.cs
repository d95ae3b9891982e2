using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Odin.Nodes;
using Odin.Server.Hosting;

namespace Odin.Server.Nodes;

/// <summary>The machine that the server runs on, for where there are no agents.</summary>
internal sealed class LocalNode(ServerOptions options, GpuReader gpus, TimeProvider time)
{
    public async Task<JsonObject> DescribeAsync(CancellationToken cancellationToken)
    {
        // The limit of a container counts, not the machine around it: tasks run in here.
        var node = MachineWire.Capacity(Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, TotalDisk());
        var (found, problem) = await ReadAsync(cancellationToken);
        node["gpus"] = new JsonArray([.. found.Select(g => (JsonNode)GpuWire.From(g))]);
        node["host"] = options.Nodes.Host;
        node["internalIP"] = Address();
        if (problem is not null)
            node["error"] = problem;
        return node;
    }

    /// <summary>An address of this machine that others may reach it by.</summary>
    public static string Address()
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .Where(i => i.OperationalStatus == OperationalStatus.Up && i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(i => i.GetIPProperties().UnicastAddresses)
                .Select(a => a.Address)
                .Where(a => a.AddressFamily == AddressFamily.InterNetwork)
                .FirstOrDefault(IPAddress.Loopback)
                .ToString();
        }
        catch (NetworkInformationException)
        {
            return IPAddress.Loopback.ToString();
        }
    }

    private async Task<(IReadOnlyList<Gpu> Gpus, string? Problem)> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var report = await gpus.ReadAsync(cancellationToken).WaitAsync(options.Nodes.Timeout, time, cancellationToken);
            return (report.Gpus, report.Problems.Count > 0 ? string.Join("; ", report.Problems) : null);
        }
        catch (TimeoutException)
        {
            return ([], $"The GPU driver has not answered for {options.Nodes.Timeout.TotalSeconds:0.#} s.");
        }
    }

    private long? TotalDisk()
    {
        try
        {
            return new DriveInfo(options.DataDirectory).TotalSize;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}

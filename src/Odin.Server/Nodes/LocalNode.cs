using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Odin.Server.Hosting;

namespace Odin.Server.Nodes;

/// <summary>The machine that the server runs on. Without a node agent nothing is known of its GPUs, and none are shown.</summary>
internal sealed class LocalNode(ServerOptions options)
{
    public JsonObject Describe()
    {
        var node = new JsonObject
        {
            ["cpu"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
            ["memory"] = Kibibytes(TotalMemory()),
        };
        if (TotalDisk() is { } disk)
            node["ephemeral-storage"] = Kibibytes(disk);
        node["gpus"] = new JsonArray();
        node["host"] = Environment.MachineName;
        node["internalIP"] = Address();
        return node;
    }

    // The limit of a container counts, not the machine around it.
    private static long TotalMemory() => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

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

    private static string Address()
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

    private static string Kibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024}Ki");
}

using System.Globalization;
using System.Text.Json.Nodes;
using Odin.Nodes;

namespace Odin.Server.Nodes;

/// <summary>A machine on the wire: Kubernetes quantities as a node's capacity has them, and figures in numbers.</summary>
internal static class MachineWire
{
    public static JsonObject From(Machine machine, string address)
    {
        var result = new JsonObject
        {
            ["host"] = machine.Host,
            ["internalIP"] = address,
            ["capacity"] = Capacity(machine.Cores, machine.Memory?.Total, machine.Disks is [var first, ..] ? first.Total : null),
            ["cpu"] = new JsonObject { ["cores"] = machine.Cores },
        };
        if (machine.Load is { } load)
            result["cpu"]!["load"] = new JsonArray(load.One, load.Five, load.Fifteen);
        if (machine.Memory is { } memory)
            result["memory"] = Room(memory.Total, memory.Available);
        result["disks"] = new JsonArray([.. machine.Disks.Select(Disk)]);
        return result;
    }

    /// <summary><c>cpu</c>, <c>memory</c> and <c>ephemeral-storage</c>, as far as they are known.</summary>
    public static JsonObject Capacity(int cores, long? memory, long? storage)
    {
        var capacity = new JsonObject { ["cpu"] = cores.ToString(CultureInfo.InvariantCulture) };
        if (memory is { } bytes)
            capacity["memory"] = Kibibytes(bytes);
        if (storage is { } disk)
            capacity["ephemeral-storage"] = Kibibytes(disk);
        return capacity;
    }

    private static JsonNode Disk(MachineDisk disk)
    {
        var room = Room(disk.Total, disk.Available);
        room.Insert(0, "path", disk.Path);
        return room;
    }

    private static JsonObject Room(long total, long available) => new()
    {
        ["total"] = total >> 20,
        ["used"] = (total - available) >> 20,
        ["free"] = available >> 20,
        ["unit"] = "MiB",
    };

    private static string Kibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024}Ki");
}

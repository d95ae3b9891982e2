using System.Text.Json.Nodes;
using Odin.Resources;

namespace Odin.Server.Lifecycle;

/// <summary>Resources of programs as the inherited API writes them.</summary>
internal static class ComputeWire
{
    public static ComputeResources? Read(WireObject? wire) =>
        wire is null ? null : new ComputeResources(ReadAmounts(wire.Object("limits")), ReadAmounts(wire.Object("requests")));

    public static JsonObject? Write(ComputeResources? resources)
    {
        if (resources is null)
            return null;
        var json = new JsonObject();
        if (resources.Limits is { } limits)
            json["limits"] = WriteAmounts(limits);
        if (resources.Requests is { } requests)
            json["requests"] = WriteAmounts(requests);
        return json;
    }

    // An empty text is given back as it came.
    private static ComputeAmounts? ReadAmounts(WireObject? wire) =>
        wire is null ? null : new ComputeAmounts(wire.NullableText("cpu"), wire.NullableText("memory"), wire.NullableText("gpu"));

    private static JsonObject WriteAmounts(ComputeAmounts amounts)
    {
        var json = new JsonObject();
        foreach (var (name, value) in new[] { ("cpu", amounts.Cpu), ("memory", amounts.Memory), ("gpu", amounts.Gpu) })
        {
            if (value is not null)
                json[name] = value;
        }
        return json;
    }
}

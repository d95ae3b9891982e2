using System.Text.Json.Nodes;
using Odin.Batch;
using Odin.Server.Lifecycle;

namespace Odin.Server.Batch;

/// <summary>What batch services and jobs have in common on the wire.</summary>
internal static class BatchWire
{
    /// <summary>Throws if there is an error, in the form that the inherited API has for these two.</summary>
    public static void ThrowIfAny(string id, IReadOnlyCollection<string> errors)
    {
        if (errors.Count > 0)
            throw LifecycleException.BadRequest($"entity \"{id}\" is invalid; errors: {string.Join(", ", errors)}");
    }

    public static DataPlace? ReadPlace(WireObject? wire) => wire is null ? null : new DataPlace(wire.Text("connection"), wire.Text("path"));

    public static JsonObject? Write(DataPlace? place) => place is null ? null : new JsonObject { ["connection"] = place.Connection, ["path"] = place.Path };
}

using Odin.Connections;
using Odin.Resources;

namespace Odin.Batch;

/// <summary>What batch services and jobs must have and what they get by themselves; order and words are those of the inherited API.</summary>
public static class InferenceRules
{
    // Behind it a job's id has what tells it from others of the service.
    private const int LongestServiceId = 53;

    /// <summary>Everything that is wrong with a service.</summary>
    public static void Check(string id, InferenceServiceSpec spec, BatchOptions options, ICollection<string> errors)
    {
        if (id.Length > LongestServiceId)
            errors.Add($"ID length must be less or equal to {LongestServiceId}");
        else
            ResourceId.Check(id, errors);
        if (spec.Program.Image.Length == 0)
            errors.Add("image must be non-empty");
        if (spec.Program.Command.Count == 0)
            errors.Add("command must be non-empty");
        CheckModel(spec.Program, errors);
        spec.Resources?.Check(errors);
        // What the inherited API did not look at comes last.
        NodePools.Check(spec.NodeSelector, options.NodePools, errors);
    }

    /// <summary>The spec of a job: what it asks for, with what its service has for it.</summary>
    /// <param name="connections">Those that exist, of both.</param>
    /// <returns>Null where it is wrong.</returns>
    public static InferenceJobSpec? Complete(InferenceJobWish wish, InferenceService service, IReadOnlyDictionary<string, Connection> connections, BatchOptions options, ICollection<string> errors)
    {
        var before = errors.Count;
        if (service.Spec.TakesJobs == false)
            errors.Add($"InferenceService: {service.Id} webhook trigger is disabled");
        var source = CheckPlace("dataSource", wish.DataSource ?? service.Spec.DataSource, connections, errors);
        var destination = CheckPlace("outputDestination", wish.OutputDestination ?? service.Spec.OutputDestination, connections, errors);
        var resources = wish.Resources ?? service.Spec.Resources;
        var selector = wish.NodeSelector ?? service.Spec.NodeSelector;
        wish.Resources?.Check(errors);
        NodePools.Check(selector, options.NodePools, errors);
        if (!RequestId.IsValid(wish.RequestId))
            errors.Add($"requestId must have at most {RequestId.Longest} characters, all of them printable ASCII without blanks");
        return errors.Count > before ? null : new InferenceJobSpec
        {
            Service = service.Id,
            Program = service.Spec.Program,
            DataSource = source!,
            OutputDestination = destination!,
            RequestId = wish.RequestId,
            Resources = resources,
            NodeSelector = selector,
        };
    }

    /// <summary>Every connection that a job would use.</summary>
    public static IEnumerable<string> ConnectionsOf(InferenceJobWish wish, InferenceService service) =>
        new[] { wish.DataSource ?? service.Spec.DataSource, wish.OutputDestination ?? service.Spec.OutputDestination }.Select(p => p?.Connection).Where(c => !string.IsNullOrEmpty(c))!;

    private static void CheckModel(InferenceProgram program, ICollection<string> errors)
    {
        if (program.Remote is { } remote)
        {
            if (remote.Connection.Length == 0)
                errors.Add("modelRegistry.remote.modelConnection must be non-empty");
            return;
        }
        if (program.Local is not { } local)
        {
            errors.Add("whether modelRegistry.local.meta.name or modelRegistry.local.meta.version must be defined for embedded models");
            errors.Add("whether modelRegistry.local or modelRegistry.remote must be defined");
            return;
        }
        if (local.Name.Length == 0)
            errors.Add("modelRegistry.local.meta.name must be non-empty");
        if (local.Version.Length == 0)
            errors.Add("modelRegistry.local.meta.version must be non-empty");
    }

    private static DataPlace? CheckPlace(string member, DataPlace? place, IReadOnlyDictionary<string, Connection> connections, ICollection<string> errors)
    {
        if (place is null)
            errors.Add($"field \"{member}\"\" must be set for BatchInferenceJob \nor as a default for a corresponding BatchInferenceService");
        else if (!connections.TryGetValue(place.Connection, out var connection))
            errors.Add($"connection from \"{member}\" with name \"{place.Connection}\" is not found");
        else if (!ConnectionTypes.Storage.Contains(connection.Spec.Type))
            errors.Add($"connection from \"{member}\" with name \"{place.Connection}\" has the type {connection.Spec.Type}, which holds no files; use one of [{string.Join(' ', ConnectionTypes.Storage)}]");
        return place;
    }
}

/// <summary>What somebody asks of a job; what is null is as the service has it.</summary>
public sealed record InferenceJobWish(DataPlace? DataSource, DataPlace? OutputDestination, ComputeResources? Resources, IReadOnlyDictionary<string, string>? NodeSelector, string RequestId);

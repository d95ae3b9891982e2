using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Resources;

namespace Odin.Packagings;

/// <summary>What a packaging refers to, as far as it exists.</summary>
public sealed record PackagingReferences(IReadOnlyDictionary<string, Connection> Connections, PackagingIntegration? Integration);

/// <summary>What a packaging must have and what it gets by itself; order and words are those of the inherited API.</summary>
public static class PackagingRules
{
    /// <summary>Every connection that the spec names, with the default one.</summary>
    public static IEnumerable<string> ConnectionsOf(PackagingSpec spec, PackagingOptions options) =>
        (spec.Targets ?? []).Select(t => t.Connection).Append(Output(spec, options)).Where(id => id.Length > 0);

    /// <summary>The spec with its defaults, and everything that is wrong with it.</summary>
    public static PackagingSpec Check(string id, PackagingSpec spec, PackagingReferences known, PackagingOptions options, ICollection<string> errors)
    {
        ResourceId.Check(id, errors);
        if (spec.ArtifactName.Length == 0)
            errors.Add("empty artifactName");
        if (spec.Resources is null)
            spec = spec with { Resources = options.DefaultResources };
        else
            spec.Resources.Check(errors);
        spec = spec with { OutputConnection = OutputConnections.Check(Output(spec, options), known.Connections, errors) };
        NodePools.Check(spec.NodeSelector, options.NodePools, errors);
        if (spec.Integration.Length == 0)
        {
            errors.Add("empty integrationName");
            return spec;
        }
        if (known.Integration is not { } integration)
        {
            errors.Add($"packaging integration with name .spec.integrationName = \"{spec.Integration}\" is not found");
            return spec;
        }
        if (spec.Image.Length == 0)
            spec = spec with { Image = integration.Spec.DefaultImage };
        if (ArgumentSchema.Check(integration.Spec.Arguments, spec.Arguments ?? new JsonObject()) is { Count: > 0 } wrong)
            errors.Add($"argument validation is failed: [{string.Join(' ', wrong)}]");
        return CheckTargets(spec, integration, known, errors);
    }

    private static string Output(PackagingSpec spec, PackagingOptions options) =>
        spec.OutputConnection.Length > 0 ? spec.OutputConnection : options.OutputConnection ?? "";

    private static PackagingSpec CheckTargets(PackagingSpec spec, PackagingIntegration integration, PackagingReferences known, ICollection<string> errors)
    {
        var left = integration.Spec.Targets.ToList();
        foreach (var target in spec.Targets ?? [])
        {
            var rule = left.Find(r => r.Name == target.Name);
            if (rule is null)
            {
                errors.Add($"cannot find {target.Name} target in packaging integration {integration.Metadata.Id}");
                continue;
            }
            left.Remove(rule);
            if (!known.Connections.TryGetValue(target.Connection, out var connection))
                errors.Add($"entity \"{target.Connection}\" is not found");
            else if (!rule.ConnectionTypes.Contains(connection.Spec.Type))
                errors.Add($"{target.Name} target has not valid connection type {connection.Spec.Type} for packaging integration {integration.Metadata.Id}");
        }
        var added = left.Where(r => r.Default.Length > 0).Select(r => new PackagingTarget(r.Name, r.Default)).ToList();
        var missing = left.Where(r => r is { IsRequired: true, Default.Length: 0 }).Select(r => r.Name).ToList();
        if (missing.Count > 0)
            errors.Add($"[{string.Join(' ', missing)}] are required targets");
        return added.Count > 0 ? spec with { Targets = [.. spec.Targets ?? [], .. added] } : spec;
    }
}

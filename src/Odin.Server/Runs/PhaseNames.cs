using Odin.Runs;
using Odin.Server.Hosting;

namespace Odin.Server.Runs;

/// <summary>Phases of runs as clients write them: in the inherited words, or in ours.</summary>
internal static class PhaseNames
{
    private static readonly ILookup<string, string> ByName = Enum.GetValues<RunPhase>()
        .SelectMany(phase => new[] { (Name: phase.ToString(), phase), (Name: InheritedStatus.Of(phase), phase) })
        .DistinctBy(pair => (pair.Name.ToUpperInvariant(), pair.phase))
        .ToLookup(pair => pair.Name, pair => pair.phase.ToString(), StringComparer.OrdinalIgnoreCase);

    /// <summary>The phases that a list of names with commas means; null for an empty list.</summary>
    public static IReadOnlyCollection<string>? Parse(string? names)
    {
        var parts = names?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (parts.Length == 0)
            return null;
        if (parts.FirstOrDefault(p => !ByName.Contains(p)) is { } unknown)
        {
            throw new InvalidRequestException(new ProblemItem(
                "WrongValue", $"'{unknown}' is no status. There are: {string.Join(", ", ByName.Select(g => g.Key))}.")
            { Location = "status" });
        }
        return [.. parts.SelectMany(p => ByName[p]).Distinct()];
    }
}

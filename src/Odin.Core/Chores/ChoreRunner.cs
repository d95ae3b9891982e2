using System.Text.Json.Nodes;

namespace Odin.Chores;

/// <summary>What became of a chores file.</summary>
/// <param name="Results">The value of every chore that was reached, by name; null for one that was skipped.</param>
/// <param name="Error">Why the rest was not reached; null when all went well.</param>
public sealed record ChoreOutcome(JsonObject Results, string? Error);

/// <summary>Runs the chores of a file one after the other.</summary>
/// <param name="chores">The types that the file may use.</param>
/// <param name="report">Gets one line for each chore.</param>
public sealed class ChoreRunner(IReadOnlyCollection<IChore> chores, Action<string> report)
{
    private readonly Dictionary<string, IChore> byType = chores.ToDictionary(chore => chore.Type, StringComparer.Ordinal);

    /// <summary>Stops at the first chore that fails.</summary>
    /// <param name="file">Its steps are in a possible order already.</param>
    /// <param name="external">Further results that arguments may refer to; a chore of the same name hides one.</param>
    public async Task<ChoreOutcome> RunAsync(ChoreFile file, JsonObject external, CancellationToken cancellationToken)
    {
        var known = (JsonObject)external.DeepClone();
        var results = new JsonObject();
        var skipped = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in file.Steps)
        {
            JsonNode? value = null;
            if (step.DependsOn.FirstOrDefault(skipped.Contains) is { } cause)
            {
                skipped.Add(step.Name);
                report($"{step.Name}: skipped, because '{cause}' was");
            }
            else
            {
                try
                {
                    value = await RunStepAsync(step, known, skipped, cancellationToken);
                }
                catch (ChoreException e)
                {
                    return new ChoreOutcome(results, $"The chore '{step.Name}' ({step.Type}) failed: {e.Message}");
                }
            }
            results[step.Name] = value;
            known[step.Name] = value?.DeepClone();
        }
        return new ChoreOutcome(results, null);
    }

    private async Task<JsonNode?> RunStepAsync(ChoreStep step, JsonObject known, HashSet<string> skipped, CancellationToken cancellationToken)
    {
        var chore = byType[step.Type];
        var arguments = new ChoreArguments(chore.Parameters, ChoreWiring.Wire(step.Arguments, chore.Parameters, known));
        switch (await chore.RunAsync(arguments, cancellationToken))
        {
            case ChoreResult.Skipped skip:
                skipped.Add(step.Name);
                report($"{step.Name}: skipped: {skip.Reason}");
                return null;
            case ChoreResult.Done done:
                report($"{step.Name}: done");
                return ListsToMaps(done.Value);
            default:
                throw new InvalidOperationException("A chore ended in no known way.");
        }
    }

    /// <summary>A list becomes a map <c>"0"</c>, <c>"1"</c>, …, so that references can reach its elements.</summary>
    private static JsonNode? ListsToMaps(JsonNode? value) => value is JsonArray list
        ? new JsonObject(list.Select((item, index) => KeyValuePair.Create($"{index}", item?.DeepClone())))
        : value;
}

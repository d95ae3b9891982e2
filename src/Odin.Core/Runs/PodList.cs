namespace Odin.Runs;

/// <summary>The inherited layout of the logs of several pods (spec 3.6).</summary>
internal static class PodList
{
    private const string Rule = "================", ThinRule = "----------------";

    /// <summary>What comes before the logs of more than one.</summary>
    public static string Heading(IReadOnlyList<string> names) => $"Found {names.Count} pods,\n{string.Join('\n', names)}\nusing pod/{names[0]}\n";

    /// <summary>What comes before the log of each.</summary>
    public static string BlockHeading(string name) => $"{Rule}\n{name}\n{ThinRule}\n";
}

using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Runs;

/// <summary>
/// What a successful task with outputs left behind. Stored under its cache key, and once more under the name of the task
/// (<see cref="LatestId"/>), so that a miss can say what has changed since the last time.
/// </summary>
public sealed record CacheEntry(ResourceMetadata Metadata, CacheFacts Facts, CacheProduct Product) : IResource<CacheEntry>
{
    public static string Kind => "CacheEntry";

    public static JsonTypeInfo<CacheEntry> JsonType => RunJson.Default.CacheEntry;

    public static CacheEntry WithMetadata(CacheEntry resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => Product.RunId;

    public string? Phase => null;

    /// <summary>The id of the newest entry of a task of a job.</summary>
    public static string LatestId(string job, string task) => $"latest:{job}/{task}";
}

/// <summary>What the outputs depend on, part by part, as SHA-1 in hex.</summary>
/// <param name="Command">Command and resolved arguments, with the run's own paths and ids left symbolic.</param>
/// <param name="Environment">Environment, working directory and image.</param>
/// <param name="Source">The files of the job's directory.</param>
/// <param name="Inputs">The contents of the input files.</param>
public sealed record CacheFacts(string Command, string Environment, string Source, string Inputs)
{
    /// <summary>The cache key.</summary>
    public string Key => TaskHash.Text(Command + Environment + Source + Inputs);

    /// <summary>The parts in which two differ, for people; empty when none.</summary>
    public IEnumerable<string> ChangedSince(CacheFacts earlier)
    {
        if (Command != earlier.Command)
            yield return "its command or arguments";
        if (Environment != earlier.Environment)
            yield return "its environment";
        if (Source != earlier.Source)
            yield return "the files of the job";
        if (Inputs != earlier.Inputs)
            yield return "its inputs";
    }
}

/// <summary>What was produced, where, and by whom.</summary>
/// <param name="Hashes">By output, SHA-1 of its files as in <see cref="TaskHash.Files"/>.</param>
/// <param name="Paths">By output, the absolute paths in the producing run.</param>
/// <param name="Record">The <c>outputs</c> of the producing task's record.</param>
/// <param name="RunPath">The workspace of the producing run.</param>
public sealed record CacheProduct(
    string RunId,
    string TaskId,
    string RunPath,
    IReadOnlyDictionary<string, string> Hashes,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Paths,
    JsonObject Record);

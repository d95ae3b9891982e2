using System.Text.Json.Nodes;
using Odin.Pipelines;

namespace Odin.Chores;

/// <summary>One entry of a chores file.</summary>
/// <param name="DependsOn">Names of other entries, from <c>depends</c> and from references, each once.</param>
/// <param name="Arguments">As written, references included.</param>
public sealed record ChoreStep(string Name, string Type, IReadOnlyList<string> DependsOn, JsonObject Arguments);

/// <summary>A list of chores in an order in which they can run.</summary>
public sealed record ChoreFile(IReadOnlyList<ChoreStep> Steps);

/// <summary>A chores file if there was no error, and every error with its place.</summary>
public sealed record ChoreParseResult(ChoreFile? File, IReadOnlyList<Diagnostic> Diagnostics);

namespace Odin.Cli.JsonPaths;

/// <summary>An expression that is no JSONPath.</summary>
/// <param name="position">Of the character that is wrong, from 0.</param>
internal sealed class JsonPathException(string expression, int position, string problem)
    : Exception($"'{expression}' is not a JSONPath: {problem} at position {position + 1}");

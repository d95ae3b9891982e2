using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Models;

/// <summary>What is sent to a model, from the command line or a file.</summary>
internal static class ModelRequest
{
    /// <exception cref="CliException">It is not said, said twice, not there or not what it has to be.</exception>
    public static Task<JsonNode?> ReadAsync(CliSession session, string? json, string? jsonFile, CancellationToken cancellationToken)
    {
        EnsureOnce([json, jsonFile], "--json TEXT and --json-file FILE");
        return ParseAsync(session, json, jsonFile, cancellationToken);
    }

    /// <summary>As above, where rows of CSV are taken, too.</summary>
    /// <exception cref="CliException">It is not said, said twice, not there or not what it has to be.</exception>
    public static async Task<JsonNode?> ReadAsync(CliSession session, string? json, string? jsonFile, string? csvFile, CancellationToken cancellationToken)
    {
        EnsureOnce([json, jsonFile, csvFile], "--json TEXT, --json-file FILE and --csv-file FILE");
        return csvFile is not null
            ? CsvRequest.Read(await LoadAsync(session, csvFile, cancellationToken), csvFile)
            : await ParseAsync(session, json, jsonFile, cancellationToken);
    }

    private static void EnsureOnce(string?[] given, string options)
    {
        if (given.Count(s => s is not null) != 1)
            throw new CliException(ExitCode.Usage, "say what to send, once", $"Give it with one of {options}.");
    }

    private static async Task<JsonNode?> ParseAsync(CliSession session, string? json, string? jsonFile, CancellationToken cancellationToken)
    {
        var text = json ?? await LoadAsync(session, jsonFile!, cancellationToken);
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new CliException(ExitCode.Usage, $"{(json is null ? $"'{jsonFile}'" : "--json")} is not valid JSON: {JsonMistake.Describe(e)}");
        }
    }

    private static async Task<string> LoadAsync(CliSession session, string file, CancellationToken cancellationToken)
    {
        if (file == "-")
            return await session.Environment.In.ReadToEndAsync(cancellationToken);
        if (Directory.Exists(file))
            throw new CliException(ExitCode.Usage, $"'{file}' is a directory", "Name a file; - is standard input.");
        try
        {
            return await File.ReadAllTextAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"there is no file '{file}'", "Check the path; - is standard input.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failure, $"'{file}' may not be read", "Check who owns the file.");
        }
    }
}

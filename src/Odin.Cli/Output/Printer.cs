using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Pipelines.Yaml;

namespace Odin.Cli.Output;

/// <summary>Writes data to standard output, and messages to where they do not spoil it.</summary>
internal sealed class Printer(CliEnvironment environment, OutputFormat format)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public OutputFormat Format { get; } = format;

    public CliEnvironment Environment { get; } = environment;

    /// <summary>Where messages and progress go: standard output for a person, standard error beside data.</summary>
    public TextWriter Messages => Format == OutputFormat.Table ? Environment.Out : Environment.Error;

    /// <summary>A compact JSON document on one line, as the original client prints it.</summary>
    public static string Line(JsonNode? node) => node?.ToJsonString(OneLine) ?? "null";

    /// <summary>Writes the document or the names; false when the format is the table, which the caller then writes.</summary>
    public bool Data(JsonNode? document, IEnumerable<string?> names)
    {
        switch (Format)
        {
            case OutputFormat.Json:
                Environment.Out.WriteLine(document?.ToJsonString(Indented) ?? "null");
                return true;
            case OutputFormat.Yaml:
                Environment.Out.Write(YamlText.Write(document));
                return true;
            case OutputFormat.Name:
                foreach (var name in names)
                    Environment.Out.WriteLine(name is null ? null : PlainText.Of(name));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Says something to a person. What others have written may stand in it.</summary>
    public void Say(string message) => Messages.WriteLine(PlainText.Of(message));

    /// <summary>A remark that is never data.</summary>
    public void Note(string message) => Environment.Error.WriteLine(PlainText.Of(message));
}

using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.JsonPaths;

namespace Odin.Cli.Odahuflowctl.Output;

/// <summary>The option <c>-o</c> of the older client, and what it makes of entities.</summary>
internal sealed class CtlFormat
{
    private const string PathPrefix = "jsonpath=";
    private static readonly string[] Names = ["json", "yaml", "table", "wide", "name"];

    private readonly string format;

    private CtlFormat(string format) => this.format = format;

    public static readonly Option<string> Option = Create();

    public static CtlFormat Of(ParseResult parse) => new(parse.GetValue(Option) ?? "yaml");

    /// <summary>What is printed, the last line end included.</summary>
    public string Write(JsonArray entities) => format switch
    {
        "json" => PythonJson.Write(entities) + "\n",
        "table" => FlatTable.Write(entities) + "\n",
        "wide" => FlatTable.WriteWide(entities) + "\n",
        "name" => string.Concat(entities.Select(e => $"{(e as JsonObject)?["id"]}\n")),
        "yaml" => PythonYaml.Write(entities) + "\n",
        _ => Select(entities) + "\n",
    };

    private string Select(JsonArray entities)
    {
        var found = Path(format).Find(entities);
        return found.Count != 1 ? PythonJson.Write(new JsonArray([.. found.Select(f => f?.DeepClone())]))
            : found[0] is JsonValue value && value.TryGetValue<string>(out var text) ? text
            : PythonJson.Write(found[0]);
    }

    private static JsonPath Path(string format) => JsonPath.Parse(format[PathPrefix.Length..]);

    private static Option<string> Create()
    {
        var option = new Option<string>("--output-format", "-o", "--format")
        {
            Description = "How to write the result: json, yaml, table, wide, name or jsonpath=EXPRESSION.  [default: yaml]",
            HelpName = "TEXT",
        };
        option.Validators.Add(result =>
        {
            var value = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "yaml";
            if (!Names.Contains(value) && !value.StartsWith(PathPrefix, StringComparison.Ordinal))
            {
                result.AddError(CtlMessages.InvalidFormat(value));
                return;
            }
            try
            {
                if (!Names.Contains(value))
                    Path(value);
            }
            catch (JsonPathException e)
            {
                result.AddError(CtlMessages.InvalidValue("--output-format' / '-o", e.Message));
            }
        });
        return option;
    }
}

using System.CommandLine;

namespace Odin.Cli.Output;

/// <summary>How results are written.</summary>
internal enum OutputFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>The server's answer, indented.</summary>
    Json,

    Yaml,

    /// <summary>Only the names or ids, one a line.</summary>
    Name,
}

/// <summary>The option <c>-o</c>.</summary>
internal static class OutputOptions
{
    public static readonly Option<string> Format = Create();

    /// <summary>The format that was asked for; the table for a command without the option.</summary>
    public static OutputFormat Read(ParseResult parse) => parse.GetValue(Format) switch
    {
        "json" => OutputFormat.Json,
        "yaml" => OutputFormat.Yaml,
        "name" => OutputFormat.Name,
        _ => OutputFormat.Table,
    };

    private static Option<string> Create()
    {
        var option = new Option<string>("--output", "-o")
        {
            Description = "How to write the result. With json, yaml and name, standard output holds nothing else.",
            DefaultValueFactory = _ => "table",
        };
        option.AcceptOnlyFromAmong("table", "json", "yaml", "name");
        return option;
    }
}

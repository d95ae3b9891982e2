using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Tests.Output;

public sealed class PrinterTests : IDisposable
{
    private readonly CliTest cli = new();

    public void Dispose() => cli.Dispose();

    [Fact]
    public void Data_Yaml_IsReadable() => Assert.Equal(
        """
        name: wine
        ok: true
        text: "true"
        number: "12"
        time: "2026-11-21"
        rate: 1.0e+5
        nothing: null
        list:
          - 1
          - a: b
        empty: []
        lines: |-
          one
          two

        """,
        Yaml("""
        {"name":"wine","ok":true,"text":"true","number":"12","time":"2026-11-21","rate":1e5,"nothing":null,"list":[1,{"a":"b"}],"empty":[],"lines":"one\ntwo"}
        """));

    [Theory]
    [InlineData("\"plain\"", "plain\n")]
    [InlineData("\"a: b\"", "\"a: b\"\n")]
    [InlineData("null", "null\n")]
    public void Data_YamlOfAScalar_HasNoDocumentMarks(string json, string expected) => Assert.Equal(expected, Yaml(json));

    private string Yaml(string json)
    {
        var output = new StringWriter { NewLine = "\n" };
        Assert.True(new Printer(cli.Environment(output, TextWriter.Null), OutputFormat.Yaml).Data(JsonNode.Parse(json), []));
        return output.ToString();
    }
}

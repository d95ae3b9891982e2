using System.Text.Json.Nodes;
using Odin.Cli.Output;

namespace Odin.Cli.Tests.Output;

public sealed class YamlTextTests
{
    [Fact]
    public void Write_Document_IsReadable() => Assert.Equal(
        """
        name: wine
        ok: true
        text: "true"
        number: "12"
        time: "2026-11-21"
        nothing: null
        list:
          - 1
          - a: b
        empty: []
        lines: |-
          one
          two

        """,
        Text("""
        {"name":"wine","ok":true,"text":"true","number":"12","time":"2026-11-21","nothing":null,"list":[1,{"a":"b"}],"empty":[],"lines":"one\ntwo"}
        """));

    [Theory]
    [InlineData("\"plain\"", "plain\n")]
    [InlineData("\"a: b\"", "\"a: b\"\n")]
    [InlineData("null", "null\n")]
    public void Write_Scalar_HasNoDocumentMarks(string json, string expected) => Assert.Equal(expected, Text(json));

    private static string Text(string json)
    {
        var writer = new StringWriter { NewLine = "\n" };
        YamlText.Write(JsonNode.Parse(json), writer);
        return writer.ToString();
    }
}

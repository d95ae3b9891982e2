using System.Text.Json.Nodes;
using Odin.Pipelines.Yaml;

namespace Odin.Tests.Pipelines;

public sealed class YamlConversionTests
{
    [Theory]
    [InlineData("a: 1\nb: [x, 0.5, yes, ~]\n", """{"a":1,"b":["x",0.5,true,null]}""")]
    [InlineData("base: &b {x: 0644}\nmore: {<<: *b, y: '5'}\n", """{"base":{"x":420},"more":{"x":420,"y":"5"}}""")]
    [InlineData("- 2020-01-01\n", """["2020-01-01"]""")]
    public void Parse_Yaml_GivesJson(string yaml, string json)
    {
        var (value, diagnostics) = YamlConversion.Parse(yaml, "f.yml");
        Assert.Empty(diagnostics);
        Assert.Equal(json, value!.ToJsonString());
    }

    [Fact]
    public void Parse_ValueThatJsonLacks_IsAnError() => Assert.Equal(
        "f.yml:1:1: error: The file holds infinity or \"not a number\", which JSON does not have. [InvalidValue]",
        Assert.Single(YamlConversion.Parse("- .inf\n", "f.yml").Diagnostics).ToString());

    [Theory]
    [InlineData("""{"a":1,"b":["x",{"c":null,"d":[]}],"e":{}}""")]
    [InlineData("""["yes","5","","null","1:30",": x","# no","a\nb","- x","é", "~", "0x1F", "1e5", " padded "]""")]
    [InlineData("[100000,1.5E-07,-0.25,true,false]")]
    [InlineData("\"just a text\"")]
    public void Write_AnyValue_ReadsBackTheSame(string json)
    {
        var value = JsonNode.Parse(json);
        foreach (var flow in new[] { false, true })
        {
            var (back, diagnostics) = YamlConversion.Parse(YamlConversion.Write(value, flow), "f.yml");
            Assert.Empty(diagnostics);
            Assert.True(JsonNode.DeepEquals(value, back), back?.ToJsonString());
        }
    }

    [Fact]
    public void Write_ExponentWithoutDot_GetsOneSoThatItStaysANumber() =>
        Assert.Equal("- 1.0e+5\n", YamlConversion.Write(JsonNode.Parse("[1e5]"), flow: false));
}

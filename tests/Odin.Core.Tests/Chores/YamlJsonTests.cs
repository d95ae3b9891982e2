using Odin.Chores;

namespace Odin.Tests.Chores;

public sealed class YamlJsonTests
{
    [Theory]
    [InlineData("a: 1\nb: [x, 0.5, yes, ~]\n", """{"a":1,"b":["x",0.5,true,null]}""")]
    [InlineData("base: &b {x: 0644}\nmore: {<<: *b, y: '5'}\n", """{"base":{"x":420},"more":{"x":420,"y":"5"}}""")]
    [InlineData("- .inf\n- 2020-01-01\n", """[".inf","2020-01-01"]""")]
    public void Parse_Yaml_GivesJson(string yaml, string json)
    {
        var (value, diagnostics) = YamlJson.Parse(yaml, "f.yml");
        Assert.Empty(diagnostics);
        Assert.Equal(json, value!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"a":1,"b":["x",{"c":null,"d":[]}],"e":{}}""")]
    [InlineData("""["yes","5","","null","1:30",": x","# no","a\nb","- x","é", "~", "0x1F", "1e5", " padded "]""")]
    [InlineData("""[1e5,1.5E-7,-0.25,true,false,12345678901234567890]""")]
    [InlineData("\"just a text\"")]
    public void Write_AnyValue_ReadsBackTheSame(string json)
    {
        var value = System.Text.Json.Nodes.JsonNode.Parse(json);
        foreach (var flow in new[] { false, true })
        {
            var yaml = YamlJson.Write(value, 2, flow);
            var (back, diagnostics) = YamlJson.Parse(yaml, "f.yml");
            Assert.Empty(diagnostics);
            Assert.Equal(Normal(value), Normal(back));
        }
    }

    [Fact]
    public void Write_BlockStyle_IsReadable() => Assert.Equal(
        "a: 1\nb:\n- x\n- c: 'yes'\n", YamlJson.Write(System.Text.Json.Nodes.JsonNode.Parse("""{"a":1,"b":["x",{"c":"yes"}]}"""), 2, flow: false));

    private static string? Normal(System.Text.Json.Nodes.JsonNode? node) => node?.ToJsonString()
        .Replace("1e5", "100000", StringComparison.Ordinal).Replace("1E+5", "100000", StringComparison.Ordinal).Replace("1.5E-07", "1.5E-7", StringComparison.Ordinal).Replace("12345678901234567890", "1.2345678901234567E+19", StringComparison.Ordinal);
}

using System.Text.Json.Nodes;
using Odin.Pipelines;
using static Odin.Tests.Pipelines.PipelineSamples;

namespace Odin.Tests.Pipelines;

public sealed class ParameterBinderTests
{
    private static readonly IReadOnlyList<PipelineParameter> Parameters = Parse(OneTask + """
        parameters:
          epochs: 3
          rate: 0.1
          fast: no
          tag: v1
          layers: {type: list, default: [1, 2]}
          options: {type: map, default: {a: 1}}
          model: {choices: [tree, forest], default: tree}
        """).Parameters;

    [Theory]
    [InlineData("""{"tag": "a\u0000b"}""")]
    [InlineData("""{"layers": [1, "\u0000"]}""")]
    [InlineData("""{"options": {"a": {"b\u0000": 1}}}""")]
    [InlineData("""{"undeclared": ["\u0000"]}""")]
    public void Bind_Nul_IsRefused(string given)
    {
        var binding = ParameterBinder.Bind(Parameters, (JsonObject)JsonNode.Parse(given)!, UndeclaredValues.Ignored);

        Assert.Contains("NUL", Assert.Single(binding.Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_NothingGiven_TakesTheDefaults()
    {
        var binding = ParameterBinder.Bind(Parameters, null);

        Assert.True(binding.IsSuccess);
        Assert.Equal(
            "epochs=3 rate=0.1 fast=false tag=v1 layers=[1,2] options={\"a\":1} model=tree",
            string.Join(' ', binding.Texts.Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Theory]
    [InlineData("{\"epochs\": \"5\"}", "epochs", "5")]
    [InlineData("{\"epochs\": 5.0}", "epochs", "5")]
    [InlineData("{\"rate\": \"1e-3\"}", "rate", "0.001")]
    [InlineData("{\"rate\": 2}", "rate", "2")]
    [InlineData("{\"fast\": \"Yes\"}", "fast", "true")]
    [InlineData("{\"tag\": 5}", "tag", "5")]
    [InlineData("{\"tag\": true}", "tag", "true")]
    [InlineData("{\"tag\": null}", "tag", "v1")]
    [InlineData("{\"layers\": \"[3]\"}", "layers", "[3]")]
    [InlineData("{\"options\": {\"b\": null}}", "options", "{\"b\":null}")]
    [InlineData("{\"model\": \"forest\"}", "model", "forest")]
    public void Bind_Given_IsReadByItsType(string given, string name, string expected)
    {
        var binding = ParameterBinder.Bind(Parameters, JsonNode.Parse(given)!.AsObject());

        Assert.Empty(binding.Diagnostics);
        Assert.Equal(expected, binding.Texts[name]);
    }

    [Fact]
    public void Bind_ManyMistakes_ReportsAll()
    {
        var given = JsonNode.Parse("""{"epochs": "x", "rate": [], "fast": 1, "layers": "a,b", "options": "[", "model": "forst", "epoch": 1}""")!.AsObject();

        var messages = ParameterBinder.Bind(Parameters, given).Diagnostics;

        Assert.Equal(7, messages.Count);
        Assert.Contains(messages, d => d.Code == DiagnosticCodes.UnknownParameter && d.Message.Contains("did you mean \"epochs\"", StringComparison.Ordinal));
        Assert.Contains(messages, d => d.Message.Contains("did you mean \"forest\"", StringComparison.Ordinal));
        Assert.Contains(messages, d => d.Message.Contains("\"epochs\" must be a whole number", StringComparison.Ordinal));
    }

    [Fact]
    public void Bind_RequiredParameterMissing_SaysHowToGiveIt()
    {
        var diagnostic = Assert.Single(ParameterBinder.Bind(Parse(OneTask + "parameters: {must: {type: integer}}\n").Parameters, []).Diagnostics);

        Assert.Equal(DiagnosticCodes.MissingParameter, diagnostic.Code);
        Assert.Contains("--x:must VALUE", diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_UndeclaredValuesIgnored_TakesOnlyTheDeclared()
    {
        var binding = ParameterBinder.Bind(Parameters, new JsonObject { ["other"] = 1 }, UndeclaredValues.Ignored);

        Assert.True(binding.IsSuccess);
        Assert.False(binding.Texts.ContainsKey("other"));
    }
}

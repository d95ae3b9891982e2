using System.Text.Json.Nodes;

namespace Odin.Predictor.Tests.Invocations;

/// <summary>The description of the model, as clients of the inherited server know it.</summary>
public sealed class ModelInfoTests
{
    private const string Document = """
        {"basePath":"","host":"","info":{"contact":{},"description":"This is a EDI server.","license":{"name":"Apache 2.0",
        "url":"http://www.apache.org/licenses/LICENSE-2.0.html"},"termsOfService":"http://swagger.io/terms/","title":"tiny","version":"2.5"},
        "paths":{"/api/model/info":{"get":{"consumes":[],"description":"Return a swagger info about a model","produces":["application/json"],
        "responses":{"200":{"description":"Info","type":"object"}},"summary":"Info"}},
        "/api/model/invoke":{"post":{"consumes":["application/json"],"description":"Execute prediction","parameters":[{"in":"body",
        "name":"PredictionParameters","required":true,"schema":{"properties":{"columns":{"example":COLUMNS,"items":{"type":"string"},"type":"array"},
        "data":{"example":[DATA],"items":{"items":{"type":"number"},"type":"array"},"type":"array"}},"type":"object"}}],
        "produces":["application/json"],"responses":{"200":{"description":"Results of prediction","name":"PredictionResponse",
        "properties":{"columns":{"example":RESULTS,"items":{"type":"string"},"type":"array"},
        "prediction":{"example":VALUES,"items":{"type":"number"},"type":"array"}}},"type":"object"},"summary":"Prediction"}}},
        "schemes":["https"],"swagger":"2.0"}
        """;

    [Fact]
    public async Task Info_WithSamples_HasNamesAndExamples()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        await AssertDocument(server, """["a","b","note"]""", """[0,0,""]""", """["sum"]""", "[0]");
    }

    [Fact]
    public async Task Info_WithoutSamples_HasEmptyOnes()
    {
        await using var server = await PredictorServer.StartAsync();
        await AssertDocument(server, "[]", "[]", "[]", "[]");
    }

    private static async Task AssertDocument(PredictorServer server, string columns, string data, string results, string values)
    {
        var expected = Document.Replace("COLUMNS", columns, StringComparison.Ordinal).Replace("DATA", data, StringComparison.Ordinal)
            .Replace("RESULTS", results, StringComparison.Ordinal).Replace("VALUES", values, StringComparison.Ordinal);
        // The order of the keys counts, too.
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(await server.Client.GetStringAsync("/api/model/info"))!.ToJsonString());
    }
}

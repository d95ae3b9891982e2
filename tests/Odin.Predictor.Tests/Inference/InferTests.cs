using System.Text.Json.Nodes;

namespace Odin.Predictor.Tests.Inference;

/// <summary>The Open Inference Protocol.</summary>
public sealed class InferTests
{
    [Fact]
    public async Task Metadata_OfServerAndModel_NameThemAndTheirTensors()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        var v2 = JsonNode.Parse(await server.Client.GetStringAsync("/v2"))!;
        Assert.Equal("odin-predictor", (string)v2["name"]!);
        Assert.Equal("""{"live":true}""", await server.Client.GetStringAsync("/v2/health/live"));
        foreach (var path in new[] { "/v2/health/ready", "/v2/models/tiny/ready", "/v2/models/tiny/versions/2.5/ready" })
            Assert.Equal("""{"ready":true}""", await server.Client.GetStringAsync(path));
        Assert.Equal("""
            {"name":"tiny","versions":["2.5"],"platform":"odahu_gppi","inputs":[{"name":"a","datatype":"FP64","shape":[-1]},{"name":"b","datatype":"INT64","shape":[-1]},{"name":"note","datatype":"BYTES","shape":[-1]}],"outputs":[{"name":"sum","datatype":"FP64","shape":[-1]}]}
            """, await server.Client.GetStringAsync("/v2/models/tiny/versions/2.5"));
        foreach (var path in new[] { "/v2/models/other", "/v2/models/tiny/versions/3", "/v2/models/other/ready" })
        {
            var (code, body) = await PredictorServer.ReadAsync(server.Client.GetAsync(path));
            Assert.Equal((404, """{"error":"There is no such model here; there is 'tiny' in version '2.5'."}"""), (code, body));
        }
    }

    [Fact]
    public async Task Infer_TensorForEachColumn_GoesByName()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        var (code, body) = await PredictorServer.ReadAsync(server.PostAsync("""
            {"id": "call-1", "parameters": {"trace": true}, "outputs": [{"name": "sum", "parameters": {"k": 1}}], "inputs": [
              {"name": "b", "shape": [2], "datatype": "INT32", "data": [1, 2]},
              {"name": "a", "shape": [2, 1], "datatype": "FP32", "data": [[0.5], [3]]}]}
            """, "/v2/models/tiny/infer"));
        Assert.Equal((200, """{"model_name":"tiny","model_version":"2.5","id":"call-1","parameters":{"trace":true},"outputs":[{"name":"sum","shape":[2],"datatype":"FP64","parameters":{"k":1},"data":[1.5,5]}]}"""), (code, body));
    }

    [Theory]
    [InlineData("""[["x", 1], ["y", 2]]""")]
    [InlineData("""["x", 1, "y", 2]""")]
    public async Task Infer_OneMatrix_GoesByPosition(string data)
    {
        await using var server = await PredictorServer.StartAsync();
        var (code, body) = await PredictorServer.ReadAsync(server.PostAsync(
            $$"""{"inputs": [{"name": "m", "shape": [2, 2], "datatype": "BYTES", "data": {{data.Replace("1", "\"1\"", StringComparison.Ordinal).Replace("2", "\"2\"", StringComparison.Ordinal)}}}]}""", "/v2/models/tiny/versions/2.5/infer"));
        Assert.Equal((200, """{"model_name":"tiny","model_version":"2.5","outputs":[{"name":"echo","shape":[2],"datatype":"BYTES","data":["x!","y!"]}]}"""), (code, body));
    }

    [Fact]
    public async Task Infer_BadInput_AnswersAllErrorsAtOnce()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        foreach (var (body, parts) in BadInput)
        {
            var (code, text) = await PredictorServer.ReadAsync(server.PostAsync(body, "/v2/models/tiny/infer"));
            Assert.True(code == 400, $"{body}: {code} {text}");
            var message = (string)JsonNode.Parse(text)!["error"]!;
            Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
        Assert.Equal(0, await server.MetricAsync("odin_predictor_call_seconds_count"));
    }

    private static readonly (string Body, string[] Parts)[] BadInput =
    [
        ("", ["Can not parse input as JSON"]),
        ("{", ["Can not parse input as JSON"]),
        ("[]", ["no object"]),
        ("{}", ["'inputs' is missing or empty"]),
        ("""{"id": 7, "parameters": 1, "outputs": [1], "inputs": []}""", ["'id' must be text", "'parameters' must be an object", "'outputs' must be an array", "'inputs' is missing"]),
        ("""{"inputs": [{"shape": [1]}]}""", ["Input 1 has no 'name'"]),
        ("""{"inputs": [{"name": "a", "shape": [0], "datatype": "FLOAT"}]}""", ["no 'shape' that could be used", "the datatype 'FLOAT'", "no 'data'"]),
        ("""{"inputs": [{"name": "a", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3]}]}""", ["has 3 values; its shape [2, 2] says 4"]),
        ("""{"inputs": [{"name": "a", "shape": [2], "datatype": "INT8", "data": [1, 200]}]}""", ["The value 2 of the tensor 'a' is 200, which is no INT8"]),
        ("""{"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": ["x"]}]}""", ["The value 1 of the tensor 'a' is \"x\", which is no FP32"]),
        ("""{"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}, {"name": "b", "shape": [2], "datatype": "FP32", "data": [1, 2]}]}""", ["'b' has 2 rows where 'a' has 1"]),
        ("""{"inputs": [{"name": "a", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}, {"name": "b", "shape": [1], "datatype": "FP32", "data": [1]}]}""", ["a column has the shape [rows] or [rows, 1]"]),
        ("""{"inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}, {"name": "c", "shape": [1], "datatype": "FP32", "data": [1]}]}""", ["Column 'b' is missing"]),
        ("""{"inputs": [{"name": "m", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}""", ["Row 1 has 2 values where the model takes 3"]),
    ];

    [Fact]
    public async Task Infer_UnknownOutput_IsRefused()
    {
        await using var server = await PredictorServer.StartAsync(TestModel.Adder);
        var (code, body) = await PredictorServer.ReadAsync(server.PostAsync("""
            {"outputs": [{"name": "other"}], "inputs": [{"name": "a", "shape": [1], "datatype": "FP32", "data": [1]}, {"name": "b", "shape": [1], "datatype": "FP32", "data": [1]}]}
            """, "/v2/models/tiny/infer"));
        Assert.Equal((400, """{"error":"'outputs' names 'other'; the model has 'sum'."}"""), (code, body));
    }

    [Fact]
    public async Task Infer_ModelThrows_AnswersTheErrorOfTheProtocol()
    {
        await using var server = await PredictorServer.StartAsync();
        Assert.Equal((500, """{"error":"Exception during prediction: RuntimeError: this row cannot be predicted"}"""), await PredictorServer.ReadAsync(
            server.PostAsync("""{"inputs": [{"name": "m", "shape": [1, 1], "datatype": "BYTES", "data": ["throw"]}]}""", "/v2/models/tiny/infer")));
    }
}

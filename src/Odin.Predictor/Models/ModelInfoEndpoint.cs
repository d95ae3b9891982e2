using System.Text.Json;
using Odin.Predictor.Hosting;
using Odin.Predictor.Requests;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Models;

/// <summary><c>GET /api/model/info</c>: the Swagger 2.0 document of the inherited model server, its keys sorted and its quirks kept.</summary>
internal sealed class ModelInfoEndpoint(ServedModel model, WorkerPool pool, PredictorOptions options)
{
    public Task HandleAsync(HttpContext context) => model.Current is { } served
        ? JsonAnswer.WriteAsync(context, json => Write(json, served.Facts))
        : JsonAnswer.WriteErrorAsync(context, StatusCodes.Status503ServiceUnavailable, pool.Trouble ?? "The model is being loaded.");

    private void Write(Utf8JsonWriter json, ModelFacts facts)
    {
        json.WriteStartObject();
        json.WriteString("basePath"u8, "");
        json.WriteString("host"u8, "");
        json.WriteStartObject("info"u8);
        json.WriteStartObject("contact"u8);
        json.WriteEndObject();
        json.WriteString("description"u8, "This is a EDI server.");
        json.WriteStartObject("license"u8);
        json.WriteString("name"u8, "Apache 2.0");
        json.WriteString("url"u8, "http://www.apache.org/licenses/LICENSE-2.0.html");
        json.WriteEndObject();
        json.WriteString("termsOfService"u8, "http://swagger.io/terms/");
        json.WriteString("title"u8, options.ModelName);
        json.WriteString("version"u8, options.ModelVersion);
        json.WriteEndObject();
        json.WriteStartObject("paths"u8);
        WriteInfo(json);
        WriteInvoke(json, facts);
        json.WriteEndObject();
        WriteTexts(json, "schemes", "https");
        json.WriteString("swagger"u8, "2.0");
        json.WriteEndObject();
    }

    private static void WriteInfo(Utf8JsonWriter json)
    {
        json.WriteStartObject("/api/model/info"u8);
        json.WriteStartObject("get"u8);
        WriteTexts(json, "consumes");
        json.WriteString("description"u8, "Return a swagger info about a model");
        WriteTexts(json, "produces", "application/json");
        json.WriteStartObject("responses"u8);
        json.WriteStartObject("200"u8);
        json.WriteString("description"u8, "Info");
        json.WriteString("type"u8, "object");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteString("summary"u8, "Info");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteInvoke(Utf8JsonWriter json, ModelFacts facts)
    {
        json.WriteStartObject("/api/model/invoke"u8);
        json.WriteStartObject("post"u8);
        WriteTexts(json, "consumes", "application/json");
        json.WriteString("description"u8, "Execute prediction");
        json.WriteStartArray("parameters"u8);
        json.WriteStartObject();
        json.WriteString("in"u8, "body");
        json.WriteString("name"u8, "PredictionParameters");
        json.WriteBoolean("required"u8, true);
        json.WriteStartObject("schema"u8);
        json.WriteStartObject("properties"u8);
        WriteArray(json, "columns", "string", () => WriteNames(json, facts.Inputs));
        WriteMatrix(json, facts.Inputs);
        json.WriteEndObject();
        json.WriteString("type"u8, "object");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        WriteTexts(json, "produces", "application/json");
        WriteAnswer(json, facts);
        json.WriteString("summary"u8, "Prediction");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, ModelFacts facts)
    {
        json.WriteStartObject("responses"u8);
        json.WriteStartObject("200"u8);
        json.WriteString("description"u8, "Results of prediction");
        json.WriteString("name"u8, "PredictionResponse");
        json.WriteStartObject("properties"u8);
        WriteArray(json, "columns", "string", () => WriteNames(json, facts.Outputs));
        WriteArray(json, "prediction", "number", () => WriteExamples(json, facts.Outputs));
        json.WriteEndObject();
        json.WriteEndObject();
        // Not beside "properties", where it belongs: clients of the inherited server know it here.
        json.WriteString("type"u8, "object");
        json.WriteEndObject();
    }

    private static void WriteMatrix(Utf8JsonWriter json, IReadOnlyList<ModelColumn> columns)
    {
        json.WriteStartObject("data"u8);
        json.WriteStartArray("example"u8);
        WriteExamples(json, columns);
        json.WriteEndArray();
        json.WriteStartObject("items"u8);
        json.WriteStartObject("items"u8);
        json.WriteString("type"u8, "number");
        json.WriteEndObject();
        json.WriteString("type"u8, "array");
        json.WriteEndObject();
        json.WriteString("type"u8, "array");
        json.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, string type, Action example)
    {
        json.WriteStartObject(name);
        json.WritePropertyName("example"u8);
        example();
        json.WriteStartObject("items"u8);
        json.WriteString("type"u8, type);
        json.WriteEndObject();
        json.WriteString("type"u8, "array");
        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, IReadOnlyList<ModelColumn> columns)
    {
        json.WriteStartArray();
        foreach (var column in columns)
            json.WriteStringValue(column.Name);
        json.WriteEndArray();
    }

    private static void WriteExamples(Utf8JsonWriter json, IReadOnlyList<ModelColumn> columns)
    {
        json.WriteStartArray();
        foreach (var column in columns)
            column.Example.WriteTo(json);
        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, params ReadOnlySpan<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}

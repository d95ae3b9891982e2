using System.Text.Json.Nodes;

namespace Odin.Deployments;

/// <summary>The description of a model in a Triton server, which has none itself: the Open Inference Protocol with the model's name in it.</summary>
internal static class TritonDescription
{
    private const string Template = """
        {
          "swagger": "2.0",
          "info": { "description": "A model in Triton, by the Open Inference Protocol." },
          "paths": {
            "/v2/health/live": { "get": { "summary": "Whether the server is alive", "responses": { "200": { "description": "It is" } } } },
            "/v2/health/ready": { "get": { "summary": "Whether the server takes requests", "responses": { "200": { "description": "It does" } } } },
            "/v2/models/MODEL": { "get": { "summary": "Names, types and shapes of inputs and outputs", "produces": ["application/json"],
              "responses": { "200": { "description": "The model", "schema": { "$ref": "#/definitions/Metadata" } } } } },
            "/v2/models/MODEL/ready": { "get": { "summary": "Whether the model takes requests", "responses": { "200": { "description": "It does" } } } },
            "/v2/models/MODEL/infer": { "post": { "summary": "Predict", "consumes": ["application/json"], "produces": ["application/json"],
              "parameters": [{ "name": "request", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Request" } }],
              "responses": { "200": { "description": "The prediction", "schema": { "$ref": "#/definitions/Response" } } } } }
          },
          "definitions": {
            "Tensor": { "type": "object", "required": ["name", "shape", "datatype"], "properties": {
              "name": { "type": "string" }, "shape": { "type": "array", "items": { "type": "integer" } },
              "datatype": { "type": "string", "example": "FP32" }, "parameters": { "type": "object" }, "data": { "type": "array", "items": {} } } },
            "Metadata": { "type": "object", "properties": {
              "name": { "type": "string" }, "versions": { "type": "array", "items": { "type": "string" } }, "platform": { "type": "string" },
              "inputs": { "type": "array", "items": { "$ref": "#/definitions/Tensor" } }, "outputs": { "type": "array", "items": { "$ref": "#/definitions/Tensor" } } } },
            "Request": { "type": "object", "required": ["inputs"], "properties": {
              "id": { "type": "string" }, "parameters": { "type": "object" },
              "inputs": { "type": "array", "items": { "$ref": "#/definitions/Tensor" } }, "outputs": { "type": "array", "items": { "type": "object" } } } },
            "Response": { "type": "object", "properties": {
              "model_name": { "type": "string" }, "model_version": { "type": "string" }, "id": { "type": "string" }, "parameters": { "type": "object" },
              "outputs": { "type": "array", "items": { "$ref": "#/definitions/Tensor" } } } }
          }
        }
        """;

    /// <summary>Swagger 2.0.</summary>
    public static string Of(string name, string version)
    {
        // Escaped it has nothing in it that JSON would read as something else.
        var swagger = JsonNode.Parse(Template.Replace("MODEL", Uri.EscapeDataString(name), StringComparison.Ordinal))!;
        swagger["info"]!["title"] = name;
        swagger["info"]!["version"] = version;
        return swagger.ToJsonString();
    }
}

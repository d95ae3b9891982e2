using System.Text.Json;
using System.Text.Unicode;
using Odin.Predictor.Calls;
using Odin.Predictor.Hosting;
using Odin.Predictor.Invocations;
using Odin.Predictor.Models;
using Odin.Predictor.Requests;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Inference;

/// <summary>The Open Inference Protocol, version 2, over REST, with tensors in JSON.</summary>
internal sealed class InferEndpoints(Admission admission, Predictions predictions, ServedModel model, WorkerPool pool, PredictorOptions options)
{
    public static Task ServerAsync(HttpContext context) => JsonAnswer.WriteAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("name"u8, "odin-predictor");
        json.WriteString("version"u8, typeof(InferEndpoints).Assembly.GetName().Version!.ToString(3));
        json.WriteStartArray("extensions"u8);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    public static Task LiveAsync(HttpContext context) => WriteFlagAsync(context, "live", true);

    public Task ReadyAsync(HttpContext context) => WriteReadyAsync(context, "ready");

    public Task ModelReadyAsync(HttpContext context) => IsServed(context) ? WriteReadyAsync(context, "ready") : UnknownAsync(context);

    public Task ModelAsync(HttpContext context)
    {
        if (!IsServed(context))
            return UnknownAsync(context);
        if (model.Current is not { } served)
            return JsonAnswer.WriteErrorAsync(context, StatusCodes.Status503ServiceUnavailable, pool.Trouble ?? "The model is being loaded.");
        return JsonAnswer.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("name"u8, options.ModelName);
            json.WriteStartArray("versions"u8);
            json.WriteStringValue(options.ModelVersion);
            json.WriteEndArray();
            json.WriteString("platform"u8, "odahu_gppi");
            WriteColumns(json, "inputs", served.Facts.Inputs, "input");
            WriteColumns(json, "outputs", served.Facts.Outputs, "prediction");
            json.WriteEndObject();
        });
    }

    public async Task InferAsync(HttpContext context)
    {
        if (!IsServed(context))
        {
            await UnknownAsync(context);
            return;
        }
        using var request = await admission.EnterAsync(context);
        if (request is null)
            return;
        if (!Utf8.IsValid(request.Body.Span))
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status400BadRequest, "Can not decode POST data using utf-8 charset.");
            return;
        }
        try
        {
            using var document = JsonDocument.Parse(request.Body);
            await PredictAsync(context, InferRequest.Read(document.RootElement, request.Model.Facts), request.Model);
        }
        catch (JsonException e)
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status400BadRequest, $"Can not parse input as JSON: {InvokeDocument.Place(e)}.");
        }
    }

    private async Task PredictAsync(HttpContext context, InferRequest request, ServedModel.Loaded served)
    {
        if (request.Errors.Count > 0)
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status400BadRequest, string.Join(' ', request.Errors));
            return;
        }
        var (input, error) = InvokeDocument.Read(request.Document, served.Rules);
        if (input is null)
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status400BadRequest, error!);
            return;
        }
        var outcome = await predictions.PredictAsync(input, context.RequestAborted);
        if (outcome is not Predicted predicted)
        {
            var (code, message) = OutcomeText.Of(outcome, input, options);
            await JsonAnswer.WriteErrorAsync(context, code, message);
            return;
        }
        var answer = Read(predicted);
        var unknown = answer is null ? [] : request.Outputs.Where(o => !answer.Names.Contains(o.Name)).ToList();
        if (answer is null)
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status500InternalServerError, "The model writes its predictions in another form than JSON.");
        else if (unknown.Count > 0)
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status400BadRequest,
                $"'outputs' names {string.Join(", ", unknown.Select(o => $"'{o.Name}'"))}; the model has {string.Join(", ", answer.Names.Select(n => $"'{n}'"))}.");
        else
            await WriteAsync(context, request, answer);
    }

    private static InferAnswer? Read(Predicted predicted)
    {
        try
        {
            return InferAnswer.Read(predicted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Task WriteAsync(HttpContext context, InferRequest request, InferAnswer answer) => JsonAnswer.WriteAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteString("model_name"u8, options.ModelName);
        json.WriteString("model_version"u8, options.ModelVersion);
        if (request.Id.ValueKind == JsonValueKind.String)
            json.WriteString("id"u8, request.Id.GetString());
        if (request.Parameters.ValueKind == JsonValueKind.Object)
        {
            json.WritePropertyName("parameters"u8);
            request.Parameters.WriteTo(json);
        }
        answer.Write(json, request.Outputs);
        json.WriteEndObject();
    });

    private bool IsServed(HttpContext context) => Equals(context.Request.RouteValues["name"], options.ModelName)
        && (context.Request.RouteValues["version"] is not string version || version == options.ModelVersion);

    private Task UnknownAsync(HttpContext context) => JsonAnswer.WriteErrorAsync(context, StatusCodes.Status404NotFound,
        $"There is no such model here; there is '{options.ModelName}' in version '{options.ModelVersion}'.");

    private Task WriteReadyAsync(HttpContext context, string name) => predictions.Trouble is { } trouble
        ? JsonAnswer.WriteErrorAsync(context, StatusCodes.Status503ServiceUnavailable, trouble)
        : WriteFlagAsync(context, name, true);

    private static Task WriteFlagAsync(HttpContext context, string name, bool value) => JsonAnswer.WriteAsync(context, json =>
    {
        json.WriteStartObject();
        json.WriteBoolean(name, value);
        json.WriteEndObject();
    });

    // Without samples all that is known is that it takes rows.
    private static void WriteColumns(Utf8JsonWriter json, string property, IReadOnlyList<ModelColumn> columns, string otherwise)
    {
        json.WriteStartArray(property);
        foreach (var (name, type, isMatrix) in columns.Count > 0 ? columns.Select(c => (c.Name, TensorType.Of(c.Type), false)) : [(otherwise, "FP64", true)])
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            json.WriteString("datatype"u8, type);
            json.WriteStartArray("shape"u8);
            json.WriteNumberValue(-1);
            if (isMatrix)
                json.WriteNumberValue(-1);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}

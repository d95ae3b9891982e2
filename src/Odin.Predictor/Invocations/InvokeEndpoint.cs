using Odin.Predictor.Calls;
using Odin.Predictor.Hosting;
using Odin.Predictor.Models;
using Odin.Predictor.Requests;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Invocations;

/// <summary><c>POST /api/model/invoke</c>: rows in, predictions out.</summary>
internal sealed class InvokeEndpoint(Predictions predictions, ServedModel model, PredictorOptions options)
{
    private static ReadOnlySpan<byte> Head => "{\"prediction\":["u8;

    private static ReadOnlySpan<byte> Middle => "],\"columns\":"u8;

    public async Task HandleAsync(HttpContext context)
    {
        if (await RequestBody.ReadAsync(context.Request, options.MaxBody, context.RequestAborted) is not { } body)
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status413PayloadTooLarge, OutcomeText.TooLarge(options));
            return;
        }
        // After the body, so that a slow client holds nothing that others wait for.
        using var entry = predictions.Enter();
        if (entry is null || model.Current is not { } served)
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status503ServiceUnavailable, predictions.Trouble ?? "The model is being loaded.");
            return;
        }
        var (input, error) = InvokeDocument.Read(body, served.Rules);
        if (input is null)
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status400BadRequest, error!);
            return;
        }
        var outcome = await predictions.PredictAsync(input, context.RequestAborted);
        if (outcome is Predicted predicted)
            await JsonAnswer.WriteAsync(context, Compose(predicted));
        else
        {
            var (code, message) = OutcomeText.Of(outcome, input, options);
            await JsonAnswer.WriteErrorAsync(context, code, message);
        }
    }

    private static byte[] Compose(Predicted predicted)
    {
        var answer = new byte[Head.Length + predicted.Rows.Length + Middle.Length + predicted.Columns.Length + 1];
        var rest = answer.AsSpan();
        Head.CopyTo(rest);
        rest = rest[Head.Length..];
        predicted.Rows.Span.CopyTo(rest);
        rest = rest[predicted.Rows.Length..];
        Middle.CopyTo(rest);
        rest = rest[Middle.Length..];
        predicted.Columns.Span.CopyTo(rest);
        rest[^1] = (byte)'}';
        return answer;
    }
}

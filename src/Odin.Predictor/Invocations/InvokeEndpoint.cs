using Odin.Predictor.Calls;
using Odin.Predictor.Hosting;
using Odin.Predictor.Requests;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Invocations;

/// <summary><c>POST /api/model/invoke</c>: rows in, predictions out.</summary>
internal sealed class InvokeEndpoint(Admission admission, Predictions predictions, PredictorOptions options)
{
    private static ReadOnlySpan<byte> Head => "{\"prediction\":["u8;

    private static ReadOnlySpan<byte> Middle => "],\"columns\":"u8;

    public async Task HandleAsync(HttpContext context)
    {
        using var request = await admission.EnterAsync(context);
        if (request is null)
            return;
        var (input, error) = InvokeDocument.Read(request.Body, request.Model.Rules);
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

using Odin.Predictor.Calls;
using Odin.Predictor.Hosting;
using Odin.Predictor.Models;

namespace Odin.Predictor.Requests;

/// <summary>Lets requests for predictions in, of all protocols.</summary>
internal sealed class Admission(Predictions predictions, ServedModel model, PredictorOptions options)
{
    /// <summary>Reads the body and takes a place for the request; null when it has been refused, and answered.</summary>
    public async Task<AdmittedRequest?> EnterAsync(HttpContext context)
    {
        if (await RequestBody.ReadAsync(context.Request, options.MaxBody, context.RequestAborted) is not { } body)
        {
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status413PayloadTooLarge, OutcomeText.TooLarge(options));
            return null;
        }
        // After the body, so that a slow client holds nothing that others wait for.
        var entry = predictions.Enter();
        if (entry is not null && model.Current is { } served)
            return new AdmittedRequest(body, served, entry);
        using (entry)
            await JsonAnswer.WriteErrorAsync(context, StatusCodes.Status503ServiceUnavailable, predictions.Trouble ?? "The model is being loaded.");
        return null;
    }
}

/// <summary>A request that was let in; its place is free when it is disposed of.</summary>
internal sealed record AdmittedRequest(ReadOnlyMemory<byte> Body, ServedModel.Loaded Model, Predictions.Entry Entry) : IDisposable
{
    public void Dispose() => Entry.Dispose();
}

using System.Globalization;
using Odin.Predictor.Hosting;

namespace Odin.Predictor.Calls;

/// <summary>The status code and the sentence for what is no prediction, the same for all protocols.</summary>
internal static class OutcomeText
{
    /// <param name="outcome">Null: the queue was full.</param>
    public static (int Code, string Message) Of(CallOutcome? outcome, PredictionInput input, PredictorOptions options) => outcome switch
    {
        null => (StatusCodes.Status503ServiceUnavailable, string.Create(CultureInfo.InvariantCulture, $"{options.Queue} requests wait already (ODIN_PREDICT_QUEUE). Try again in a moment.")),
        ModelFailed { IsAboutInput: true } failed when input.HasMissing => (StatusCodes.Status400BadRequest,
            $"The model cannot predict from missing values (null) that the request has. Exception during prediction: {failed.Message}"),
        ModelFailed failed => (StatusCodes.Status500InternalServerError, $"Exception during prediction: {failed.Message}"),
        WorkerLost lost => (StatusCodes.Status500InternalServerError, lost.Message),
        TimedOut { WasRunning: true } => (StatusCodes.Status504GatewayTimeout, string.Create(CultureInfo.InvariantCulture,
            $"The model has not answered within {options.Timeout.TotalSeconds} s (ODIN_PREDICT_TIMEOUT); its process is replaced.")),
        _ => (StatusCodes.Status503ServiceUnavailable, string.Create(CultureInfo.InvariantCulture,
            $"No worker was free for this request within {options.Timeout.TotalSeconds} s (ODIN_PREDICT_TIMEOUT). It was not run; try again.")),
    };

    public static string TooLarge(PredictorOptions options) => string.Create(CultureInfo.InvariantCulture,
        $"The body is larger than {options.MaxBody} bytes (ODIN_PREDICT_MAX_BODY). Send the rows in several requests.");
}

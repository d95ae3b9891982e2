using System.Text;
using Odin.Predictor.Calls;
using Odin.Predictor.Metrics;
using Odin.Predictor.Requests;
using Odin.Predictor.Workers;

namespace Odin.Predictor.Hosting;

/// <summary>Says whether the server is up and ready, and shows its figures.</summary>
internal sealed class HealthEndpoints(WorkerPool pool, Predictions predictions, CallQueue queue, PredictorMetrics metrics)
{
    private static readonly byte[] Up = "{\"status\":true}"u8.ToArray(), Ready = "{\"ready\":true}"u8.ToArray();

    /// <summary>As the inherited model server answers: it is up, whatever the model does.</summary>
    public static Task CheckAsync(HttpContext context) => JsonAnswer.WriteAsync(context, Up);

    /// <summary>Whether a prediction would be run now.</summary>
    public Task ReadyAsync(HttpContext context) => predictions.Trouble is { } trouble
        ? JsonAnswer.WriteErrorAsync(context, StatusCodes.Status503ServiceUnavailable, trouble)
        : JsonAnswer.WriteAsync(context, Ready);

    public Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(metrics.Write(queue.Length, pool.Ready, predictions.Running), Encoding.UTF8, context.RequestAborted);
    }
}

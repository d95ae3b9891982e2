using Odin.Storage;

namespace Odin.Server.Metrics;

/// <summary><c>/metrics</c> for Prometheus.</summary>
internal static class MetricsEndpoints
{
    public static void MapMetrics(this IEndpointRouteBuilder app) =>
        app.MapGet("/metrics", WriteAsync).WithTags("Server").WithName("Metrics").WithSummary("What the server measures, as Prometheus reads it")
            .Produces<string>(StatusCodes.Status200OK, "text/plain");

    private static async Task<IResult> WriteAsync(MetricsRegistry registry, RunGauges runs, CancellationToken cancellationToken)
    {
        var text = PrometheusText.Write(registry.Collect());
        try
        {
            text += await runs.WriteAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // The figures that need no database are worth the more without it.
            text += "# The store does not answer: runs and tasks are left out.\n";
        }
        return TypedResults.Text(text, PrometheusText.ContentType);
    }
}

using Odin.Predictor.Inference;
using Odin.Predictor.Invocations;
using Odin.Predictor.Models;
using Odin.Predictor.Requests;

namespace Odin.Predictor.Hosting;

/// <summary>All that the server answers.</summary>
internal static class PredictorRoutes
{
    public static void Map(WebApplication app)
    {
        var services = app.Services;
        var health = services.GetRequiredService<HealthEndpoints>();
        Get(app, "/healthcheck", "healthcheck", HealthEndpoints.CheckAsync);
        Get(app, "/healthz", "healthcheck", HealthEndpoints.CheckAsync);
        Get(app, "/readyz", "readyz", health.ReadyAsync);
        Get(app, "/metrics", "metrics", health.MetricsAsync);
        Get(app, "/api/model/info", "info", services.GetRequiredService<ModelInfoEndpoint>().HandleAsync);
        Post(app, "/api/model/invoke", "invoke", services.GetRequiredService<InvokeEndpoint>().HandleAsync);

        var infer = services.GetRequiredService<InferEndpoints>();
        Get(app, "/v2", "v2", InferEndpoints.ServerAsync);
        Get(app, "/v2/health/live", "v2-live", InferEndpoints.LiveAsync);
        Get(app, "/v2/health/ready", "v2-ready", infer.ReadyAsync);
        foreach (var path in new[] { "/v2/models/{name}", "/v2/models/{name}/versions/{version}" })
        {
            Get(app, path, "v2-model", infer.ModelAsync);
            Get(app, $"{path}/ready", "v2-model-ready", infer.ModelReadyAsync);
            Post(app, $"{path}/infer", "infer", infer.InferAsync);
        }
    }

    private static void Get(WebApplication app, string path, string label, RequestDelegate handle) =>
        app.MapGet(path, handle).WithMetadata(new EndpointLabel(label));

    private static void Post(WebApplication app, string path, string label, RequestDelegate handle) =>
        app.MapPost(path, handle).WithMetadata(new EndpointLabel(label));
}

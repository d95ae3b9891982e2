using Odin.Packagings;
using Odin.Server.Artifacts;
using Odin.Server.Batch;
using Odin.Server.Connections;
using Odin.Server.Deployments;
using Odin.Server.Hosting;
using Odin.Server.Packagings;
using Odin.Server.Routes;
using Odin.Server.Toolchains;
using Odin.Server.Trainings;
using Odin.Trainings;

namespace Odin.Server.Lifecycle;

/// <summary>The inherited API of the model lifecycle, <c>/api/v1</c>.</summary>
internal static class LifecycleApi
{
    public static void AddLifecycle(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options.Lifecycle).AddSingleton(options.Lifecycle.HostKeys);
        services.AddSingleton<HostKeyScanner>();
        services.AddSingleton<ConnectionNoun>().AddSingleton<ToolchainNoun>().AddSingleton<TrainingIntegrationNoun>();
        services.AddSingleton<TrainingNoun>().AddSingleton<PackagingIntegrationNoun>().AddSingleton<PackagingNoun>();
        services.AddSingleton<InferenceServiceNoun>().AddSingleton<InferenceJobNoun>();
        services.AddSingleton<DeploymentNoun>().AddSingleton<RouteNoun>().AddSingleton<EdgeAddress>().AddHttpContextAccessor();
        services.AddHostedService<BuiltIns>();
    }

    public static void MapLifecycle(this IEndpointRouteBuilder app, LifecycleOptions options)
    {
        var api = app.MapGroup("/api/v1");
        api.MapConfiguration();
        api.MapConnections(options);
        api.MapNoun<ToolchainNoun>("/toolchain/integration", "Toolchain", options.Trainings);
        api.MapNoun<TrainingIntegrationNoun>("/training-integration", null, options.Trainings);
        api.MapNoun<TrainingNoun>("/model/training", "Training", options.Trainings).MapTrainingSteps();
        api.MapNoun<PackagingIntegrationNoun>("/packaging/integration", "PackagingIntegration", options.Packagings);
        api.MapNoun<PackagingNoun>("/model/packaging", "Packaging", options.Packagings).MapPackagingSteps();
        api.MapBatch(options);
        api.MapArtifacts();
        api.MapDeployments(options);
    }
}

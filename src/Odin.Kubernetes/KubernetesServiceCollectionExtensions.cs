using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes;

/// <summary>Registers the executor <c>kubernetes</c>.</summary>
public static class KubernetesServiceCollectionExtensions
{
    /// <summary>Tasks may then name the executor <c>kubernetes</c>. Call it beside <c>AddOdin</c>, in any order.</summary>
    /// <exception cref="KubernetesConfigurationException">The way to the cluster cannot be read; the message says where and what to do.</exception>
    public static IServiceCollection AddKubernetes(this IServiceCollection services, KubernetesApiOptions api, KubernetesExecutorOptions executor)
    {
        // Read now: what is wrong with it is told before anything starts.
        var configuration = KubernetesConfiguration.Load(api, TimeProvider.System);
        services.AddSingleton(configuration);
        services.AddSingleton(provider => new KubernetesClient(
            configuration, api, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KubernetesClient>>()));
        services.AddSingleton<ILiveResources>(provider =>
            new ClusterResources(provider.GetRequiredService<KubernetesClient>(), executor.Namespace ?? configuration.Namespace));
        services.AddSingleton<IExecutor>(provider => new KubernetesExecutor(
            provider.GetRequiredService<KubernetesClient>(),
            WithPaths(executor, provider.GetRequiredService<OdinOptions>()),
            provider.GetRequiredService<OdinOptions>().InData("executions-kubernetes"),
            provider.GetRequiredService<LogStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KubernetesExecutor>>()));
        return services;
    }

    private static KubernetesExecutorOptions WithPaths(KubernetesExecutorOptions executor, OdinOptions options)
    {
        var workspaces = executor.WorkspacePath ?? Path.GetFullPath(options.WorkspaceDirectory ?? options.InData("workspaces"));
        var files = options.JobFilesDirectory is { } directory ? Path.GetFullPath(directory) : null;
        if (executor.WorkspaceClaim is null || files?.StartsWith(workspaces + Path.DirectorySeparatorChar, StringComparison.Ordinal) != true)
            return executor with { WorkspacePath = workspaces };
        // A node would make it for itself, as root.
        Directory.CreateDirectory(files);
        return executor with { WorkspacePath = workspaces, JobFilesPath = files };
    }
}

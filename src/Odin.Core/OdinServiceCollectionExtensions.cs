using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Odin.Artifacts;
using Odin.Batch;
using Odin.Connections;
using Odin.Deployments;
using Odin.Execution;
using Odin.Execution.Processes;
using Odin.Feedback;
using Odin.Git;
using Odin.Images;
using Odin.Packagings;
using Odin.Pipelines;
using Odin.Reconciliation;
using Odin.Routes;
using Odin.Runs;
using Odin.Steps;
using Odin.Storage;
using Odin.Toolchains;
using Odin.Trainings;

namespace Odin;

/// <summary>Registers the engine in a host.</summary>
public static class OdinServiceCollectionExtensions
{
    /// <summary>
    /// The whole engine: store, executors, jobs and runs. Submit with <see cref="RunSubmitter"/>, read with
    /// <see cref="IResourceStore"/>. Parts registered before this call replace the built-in ones.
    /// </summary>
    public static IServiceCollection AddOdin(this IServiceCollection services, Action<OdinOptions> configure)
    {
        var options = new OdinOptions();
        configure(options);
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        return services.AddStorage(options).AddProcesses(options).AddJobs(options).AddRuns(options).AddLifecycle(options).AddServing(options).AddRoutes().AddFeedback(options);
    }

    // Opening waits for the database and runs migrations: once, at the start, before there is anything to be blocked.
    private static IServiceCollection AddStorage(this IServiceCollection services, OdinOptions options)
    {
        services.TryAddSingleton<IResourceStore>(provider => StoreFactory.OpenAsync(
            options.Storage,
            Path.GetFullPath(options.DataDirectory),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("Odin.Storage"),
            CancellationToken.None).GetAwaiter().GetResult());
        // First, so that it keeps the process alive while the rest starts, and ends after all that works by leases.
        services.TryAddSingleton(new LeaseOptions());
        services.AddSingleton<LeaseKeeper>().AddHostedService(provider => provider.GetRequiredService<LeaseKeeper>());
        return services;
    }

    private static IServiceCollection AddProcesses(this IServiceCollection services, OdinOptions options)
    {
        services.TryAddSingleton(new LogStore(options.InData("logs"), options.Logs));
        services.AddSingleton<IExecutor>(provider => new ProcessExecutor(
            Bounded(
                new ProcessExecutorOptions
                {
                    Directory = options.InData("executions"),
                    AllowedEnvironment = options.AllowedEnvironment,
                    ProgramDirectories = [.. new[] { options.ProgramDirectory, PythonRuntime.FindDirectory() }.OfType<string>()],
                },
                options),
            provider.GetRequiredService<LogStore>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ProcessExecutor>>()));
        return services;
    }

    private static ProcessExecutorOptions Bounded(ProcessExecutorOptions process, OdinOptions options) =>
        options.MaxParallelTasks is { } most ? process with { MaxParallelTasks = most } : process;

    private static IServiceCollection AddJobs(this IServiceCollection services, OdinOptions options)
    {
        if (options.JobDirectory is { } directory)
        {
            services.TryAddSingleton<IJobSource>(new DirectoryJobSource(directory));
            return services;
        }
        options.Git.DataDirectory = Path.GetFullPath(options.DataDirectory);
        services.TryAddSingleton(options.Git);
        services.TryAddSingleton(new PipelineCatalogOptions { CheckoutDirectory = options.InJobFiles("checkouts") });
        services.TryAddSingleton<GitRepository>();
        services.TryAddSingleton<PipelineCatalog>();
        services.AddHostedService<CatalogOpener>();
        services.TryAddSingleton<IJobSource>(provider => provider.GetRequiredService<PipelineCatalog>());
        return services;
    }

    private static IServiceCollection AddRuns(this IServiceCollection services, OdinOptions options)
    {
        services.AddSingleton(new RunOptions
        {
            WorkspaceDirectory = Path.GetFullPath(options.WorkspaceDirectory ?? options.InData("workspaces")),
            RenderedDirectory = options.InJobFiles("rendered"),
            DefaultExecutor = options.DefaultExecutor,
            Retention = options.Storage.RunRetention,
        });
        services.AddSingleton<ExecutorSet>();
        services.AddSingleton<ExecutorHealth>().AddHostedService(provider => provider.GetRequiredService<ExecutorHealth>());
        services.AddSingleton(provider => new PipelineParserOptions { Executors = [.. provider.GetRequiredService<ExecutorSet>().Names] });
        services.AddSingleton<JobLoader>().AddSingleton<RunDrafter>().AddSingleton<RunPlanner>().AddSingleton<RunSubmitter>();
        services.AddSingleton<TaskCache>().AddSingleton<TaskStarter>().AddSingleton<TaskFinisher>();
        services.AddSingleton<RunCanceller>().AddSingleton<RunCleaner>().AddSingleton<LiveLogs>().AddSingleton<RunLogs>();
        services.AddSingleton<ExecutionJanitor>().AddHostedService(provider => provider.GetRequiredService<ExecutionJanitor>());
        services.AddSingleton<RunReconciler>().AddSingleton<RunRetention>();
        services.AddReconcilerHost<Run, RunReconciler>(provider => provider.GetRequiredService<RunOptions>().Workers);
        services.AddHostedService<RunEngine>();
        services.AddHostedService(provider => provider.GetRequiredService<RunRetention>());
        return services;
    }

    private static IServiceCollection AddLifecycle(this IServiceCollection services, OdinOptions options)
    {
        services.AddSingleton(options.Trainings).AddSingleton(options.Packagings).AddSingleton(options.Deployments).AddSingleton(options.Batch);
        // Beside the workspaces of runs: where programs run on other machines, they see those.
        services.AddSingleton(new StepOptions { Directory = Path.Combine(Path.GetFullPath(options.WorkspaceDirectory ?? options.InData("workspaces")), ".lifecycle") });
        services.AddSingleton(_ => options.ConnectionKeys is { Count: > 0 } keys ? SecretKeyRing.Of(keys) : SecretKeyRing.Load(options.InData("connections.keys")));
        if (options.Vault is { } vault)
            services.AddSingleton<ISecretStore>(_ => new VaultSecretStore(vault));
        services.TryAddSingleton<ISecretStore, SealedSecretStore>();
        services.AddSingleton<SecretRotation>();
        // What the server has written itself it may always read.
        services.AddSingleton(options.LocalDirectories is { } directories ? new LocalDirectories([.. directories, options.InData("artifacts"), options.InData("feedback")]) : LocalDirectories.All);
        services.AddSingleton<ConnectionCatalog>().AddSingleton<StorageOpener>().AddSingleton<GitConnections>().AddSingleton<ArtifactCatalog>();
        services.AddSingleton<IConnectionProbe, StorageProbe>().AddSingleton<IConnectionProbe>(provider => new GitProbe(provider.GetRequiredService<GitConnections>(), options.InData("probes"), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ConnectionTester>();
        services.AddSteps<Training, TrainingWork>(options, (provider, executor) => new TrainingWork(
            provider.GetRequiredService<IResourceStore>(),
            provider.GetRequiredService<GitConnections>(),
            provider.GetRequiredService<StorageOpener>(),
            executor,
            options.Trainings,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSteps<InferenceJob, BatchWork>(options, (provider, executor) => new BatchWork(
            provider.GetRequiredService<StorageOpener>(), provider.GetRequiredService<ArtifactCatalog>(), executor, options.Batch, provider.GetRequiredService<BatchRecorder>().RecordAsync, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => ImageBuilders.Create(options.InData("images"), options.Packagings.Containerfile, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ImageRegistries(
            provider.GetRequiredService<IResourceStore>(), provider.GetRequiredService<ConnectionCatalog>(), provider.GetService<StoredRegistry>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IConnectionProbe, RegistryProbe>();
        return services.AddSteps<Packaging, PackagingWork>(options, (provider, executor) => new PackagingWork(
            provider.GetRequiredService<IResourceStore>(),
            provider.GetRequiredService<ConnectionCatalog>(),
            provider.GetRequiredService<ArtifactCatalog>(),
            new ModelImage(
                provider.GetRequiredService<ImageRegistries>(),
                provider.GetRequiredService<IImageBuilder>(),
                options.Packagings,
                PythonRuntime.FindDirectory()),
            BuiltInPackagers.Find(),
            executor,
            options.Packagings));
    }

    private static IServiceCollection AddServing(this IServiceCollection services, OdinOptions options)
    {
        services.TryAddSingleton(options.Replicas with { Directory = options.Replicas.Directory.Length > 0 ? Path.GetFullPath(options.Replicas.Directory) : options.InData("serving") });
        services.AddSingleton<ServedModelReconciler>().AddReconcilerHost<ServedModel, ServedModelReconciler>(_ => ServedModelEngine.Workers).AddHostedService<ServedModelEngine>();
        services.AddSingleton<DeploymentLoads>().AddSingleton<DeploymentLogs>().AddSingleton<EventFeed>();
        services.AddSingleton<ReplicaIsolationProbe>().AddSingleton<ReplicaLauncher>().AddSingleton<ReplicaProbes>().AddSingleton<RevisionPreparer>();
        services.AddSingleton(provider => new UnpackedImages(Path.Combine(provider.GetRequiredService<ReplicaOptions>().Directory, "images"), new UnpackLimits(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<DeploymentReconciler>(provider, ProcessExecutorOf(provider), (Func<string, ResourceBatch, CancellationToken, Task>)provider.GetRequiredService<DefaultRoutes>().AddRemovalAsync));
        services.AddReconcilerHost<Deployment, DeploymentReconciler>(provider => provider.GetRequiredService<ReplicaOptions>().Workers);
        return services.AddHostedService(provider => ActivatorUtilities.CreateInstance<DeploymentEngine>(provider, ProcessExecutorOf(provider)));
    }

    // Replicas are processes of this machine, wherever tasks run.
    private static IExecutor ProcessExecutorOf(IServiceProvider provider) => provider.GetServices<IExecutor>().Single(e => e.Name == "process");

    private static IServiceCollection AddFeedback(this IServiceCollection services, OdinOptions options)
    {
        services.AddSingleton(options.Feedback).AddSingleton<PayloadCapture>();
        services.AddSingleton(provider => new FeedbackStorage(options.Feedback, options.InData("feedback"), provider.GetRequiredService<StorageOpener>()));
        services.AddSingleton(provider => new FeedbackJournal(options.Feedback, options.InData("feedback-journal"), provider.GetRequiredService<TimeProvider>()));
        // The one that takes what the other one cannot save before the end stops after it.
        services.AddSingleton<JournalDelivery>().AddHostedService(provider => provider.GetRequiredService<JournalDelivery>());
        services.AddSingleton<CaptureWriter>().AddHostedService(provider => provider.GetRequiredService<CaptureWriter>());
        services.AddSingleton<BatchRecorder>();
        services.AddSingleton(provider => new FeedbackReader(
            provider.GetRequiredService<FeedbackStorage>(),
            provider.GetRequiredService<CaptureWriter>(),
            provider.GetRequiredService<JournalDelivery>(),
            provider.GetRequiredService<TimeProvider>()));
        return services;
    }

    private static IServiceCollection AddSteps<T, TWork>(this IServiceCollection services, OdinOptions options, Func<IServiceProvider, IExecutor, TWork> make)
        where T : class, IStepResource<T>
        where TWork : class, IStepWork<T>
    {
        services.AddSingleton<IStepWork<T>>(provider => make(provider, provider.GetServices<IExecutor>().Single(e => e.Name == options.DefaultExecutor)));
        services.AddSingleton<StepReconciler<T>>().AddSingleton<StepLogs<T>>();
        services.AddReconcilerHost<T, StepReconciler<T>>(provider => provider.GetRequiredService<StepOptions>().Workers);
        return services.AddHostedService<StepEngine<T>>();
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests;

/// <summary>An executor on the test cluster with all that a test asks it.</summary>
internal sealed class ClusterExecutor : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly ConcurrentQueue<string> reasons = [];
    private readonly KubernetesExecutorOptions options;
    private StatusRecorder recorder;

    public ClusterExecutor(TestCluster cluster, KubernetesClient? client = null, Func<KubernetesExecutorOptions, KubernetesExecutorOptions>? change = null)
    {
        Client = client ?? cluster.NewClient();
        Namespace = cluster.Namespace;
        Logs = new LogStore(directory["logs"]);
        var standard = new KubernetesExecutorOptions { Namespace = cluster.Namespace, PullSecrets = [] };
        options = change?.Invoke(standard) ?? standard;
        (Executor, recorder) = Create();
    }

    public KubernetesClient Client { get; }

    public string Namespace { get; }

    public LogStore Logs { get; }

    /// <summary>What the executor knows beside the cluster; a crash may leave it behind what the cluster has.</summary>
    public ExecutionRecords Records => new(directory["state"]);

    public KubernetesExecutor Executor { get; private set; }

    public string Id { get; } = $"task-{Guid.NewGuid().ToString("n")[..8]}";

    public ExecutionKey Key => new("run", Id);

    public ExecutionSpec Spec(string script, ContainerSpec? container = null) => new()
    {
        Key = Key,
        Command = ["/bin/sh", "-c", script],
        WorkingDirectory = "/",
        Container = container ?? new ContainerSpec { Image = TestCluster.Image },
        GracePeriod = TimeSpan.FromSeconds(1),
    };

    public Task<ExecutionStatus> StartAsync(string script, ContainerSpec? container = null) => Executor.StartAsync(Spec(script, container), default);

    public Task<ExecutionStatus> EndAsync() => EndAsync(Key);

    public Task<ExecutionStatus> EndAsync(ExecutionKey key) => recorder.EndOf(key);

    /// <summary>The first status with that reason.</summary>
    public Task<ExecutionStatus> SeeAsync(string reason) => SeeAsync(s => s.Reason == reason, $"the reason {reason}");

    /// <summary>The first status of that kind.</summary>
    public async Task<ExecutionStatus> SeeAsync(Func<ExecutionStatus, bool> isWanted, string what)
    {
        ExecutionStatus? seen = null;
        await Eventually.True(
            () => Task.FromResult((seen = recorder.All.FirstOrDefault(s => s.Key == Key && isWanted(s))) is not null),
            $"{what}; seen so far: {string.Join(", ", recorder.All.Select(s => s.Reason))}", TimeSpan.FromMinutes(3));
        return seen!;
    }

    public Task SeeAsync(ExecutionPhase phase) => Eventually.True(() => recorder.All.Any(s => s.Key == Key && s.Phase == phase), $"the phase {phase}");

    /// <summary>Puts an executor of another process in the place of this one.</summary>
    /// <param name="meanwhile">Done when there is none.</param>
    public async Task RestartAsync(Action? meanwhile = null)
    {
        await Executor.DisposeAsync();
        await recorder.DisposeAsync();
        meanwhile?.Invoke();
        (Executor, recorder) = Create();
    }

    public async Task<string> LogAsync() => await File.ReadAllTextAsync(Logs.PathOf(Key));

    /// <summary>The logs of its pods, by the end of the pods' names.</summary>
    public ILookup<string, string> PodLogs() =>
        Logs.PartsOf(Key).ToLookup(p => p.Name[(Id.Length + 1)..], p => File.ReadAllText(Logs.PathOf(new LogKey(Key, p))));

    /// <summary>The pods that there are of it.</summary>
    public async Task<IReadOnlyList<Pod>> PodsAsync() =>
        (await Client.ListAsync(KubernetesResources.Pods, new KubernetesQuery { Namespace = Namespace, LabelSelector = $"odin/execution={Id}" }, default)).Items;

    private (KubernetesExecutor Executor, StatusRecorder Recorder) Create()
    {
        var executor = new KubernetesExecutor(Client, options, directory["state"], Logs, TimeProvider.System, NullLogger<KubernetesExecutor>.Instance);
        return (executor, new StatusRecorder(executor));
    }

    public async ValueTask DisposeAsync()
    {
        await Executor.StopAsync(Key, StopReason.Cancelled, default);
        await Executor.DisposeAsync();
        await recorder.DisposeAsync();
        Client.Dispose();
        directory.Dispose();
        // What a test and its pods may have told each other by, in the volume of the test cluster.
        File.Delete(Path.Combine(Path.GetTempPath(), Id));
        if (Directory.Exists(Path.Combine(Path.GetTempPath(), Id + "-first")))
            Directory.Delete(Path.Combine(Path.GetTempPath(), Id + "-first"));
    }
}

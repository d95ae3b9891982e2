using Microsoft.Extensions.Logging.Abstractions;
using Odin.Execution;
using Odin.Kubernetes.Api;

namespace Odin.Kubernetes.Tests;

/// <summary>The executor on a real cluster does what every executor does.</summary>
public sealed class KubernetesExecutorTests(TestCluster cluster) : ExecutorConformance, IClassFixture<TestCluster>
{
    private readonly List<KubernetesClient> clients = [];

    protected override string Suffix { get; } = "-" + Guid.NewGuid().ToString("n")[..6];

    protected override bool KeepsOrderOfStreams => false;

    protected override bool KeepsLineEnds => false;

    protected override bool KeepsExitCodeOfStopped => false;

    protected override IExecutor Create(string state, LogStore logs, int slots)
    {
        Assert.SkipUnless(TestCluster.IsThere, TestCluster.Skipped);
        var client = cluster.NewClient();
        clients.Add(client);
        var options = new KubernetesExecutorOptions
        {
            Namespace = cluster.Namespace,
            WorkspaceClaim = TestCluster.Claim,
            WorkspacePath = Path.GetTempPath().TrimEnd('/'),
            MaxActive = slots,
        };
        return new KubernetesExecutor(client, options, state, logs, TimeProvider.System, NullLogger<KubernetesExecutor>.Instance);
    }
}

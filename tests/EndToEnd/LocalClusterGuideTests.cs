namespace Odin.EndToEnd;

/// <summary>The guide to a local server with a cluster, typed as it stands. The cluster's nodes see this machine's directories.</summary>
public sealed class LocalClusterGuideTests : IDisposable
{
    public const string Page = "docs/guides/local-server-and-cluster.md";

    private readonly TemporaryDirectory home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Blocks_TypedWithACluster_RunTasksAsPods()
    {
        var kubeconfig = KubernetesCluster.Kubeconfig;
        var blocks = TypedPage.Blocks(Page).Where(b => b.Language == "sh").ToList();
        Directory.CreateSymbolicLink(home["examples"], Path.Combine(Programs.Root, "examples"));
        await File.WriteAllTextAsync(home["odin"], $"#!/bin/sh\nexec '{Programs.Cli}' \"$@\"\n");
        await TestProgram.RunAsync("chmod", ["+x", home["odin"]]);
        // What is left of it when a block fails goes too.
        const string Sweep = "sweep() { kubectl delete namespace,persistentvolume --ignore-not-found --wait=false \"$namespace\"; kill ${!:-} 2>/dev/null || true; wait; }\n";
        await File.WriteAllTextAsync(home["typed.sh"], TypedPage.Script(Page, blocks).Replace("trap 'kill ${!:-} 2>/dev/null || true; wait' EXIT\n", Sweep + "trap sweep EXIT\n", StringComparison.Ordinal));
        var typing = new CliProgram(home) { Deadline = TimeSpan.FromMinutes(10) };
        typing.Variables["KUBECONFIG"] = kubeconfig;

        var result = await typing.RunAsync("/bin/sh", "-e", home["typed.sh"]);

        Assert.True(result.Code == 0, $"A block failed: the one after the last line that begins with ###.\n{result}");
        Assert.Equal(blocks.Count, result.Output.Split('\n').Count(l => l.StartsWith("### ", StringComparison.Ordinal)));
        Assert.Matches("Executor   kubernetes: https://.*, namespace odin-local-", result.Output);
        Assert.Contains("HELLO, WORLD!", result.Output, StringComparison.Ordinal);
        Assert.Matches("4 /.*/make/copy", result.Output);
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Nodes;
using Odin.Server.Nodes;

namespace Odin.Server.Tests.Nodes;

/// <summary><c>GET /v1/nodes</c> over real agents, broken ones among them.</summary>
public sealed class NodeGathererTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Nodes_OfSeveralAgents_ArePartialWhenSomeFail()
    {
        await using var good = await AgentTests.StartAsync(await SimulatedNvml.CompileAsync(directory), "s3cret", host: "b-good");
        await using var other = await AgentTests.StartAsync("/nonexistent/nothing", "different", host: "never shown");
        await using var hanging = await AgentTests.StartAsync(await SimulatedNvml.CompileAsync(directory, "HANGING"), "s3cret", host: "a-hanging");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var nobody = FreePort.Find();
        await using var server = await StartAsync(
            "s3cret", good.Url, other.Url, hanging.Url, new Uri($"http://{silent.LocalEndpoint}"), new Uri($"http://127.0.0.1:{nobody}"));

        var nodes = (await server.Client.GetJsonAsync("/v1/nodes"))["nodes"]!.AsArray().Select(n => n!.AsObject()).ToList();
        Assert.Equal(["127.0.0.1", "127.0.0.1", "127.0.0.1", "a-hanging", "b-good"], nodes.Select(n => (string)n["host"]!));
        Assert.All(nodes, n => Assert.Equal("127.0.0.1", n["host"]!.ToString() == "127.0.0.1" ? (string)n["internalIP"]! : "127.0.0.1"));

        var answered = nodes.Single(n => (string)n["host"]! == "b-good");
        Assert.Equal(["cpu", "memory", "ephemeral-storage", "nvidia.com/gpu", "gpus", "host", "internalIP", "error"], answered.Keys());
        Assert.Equal("3", (string)answered["nvidia.com/gpu"]!);
        Assert.Equal(3, answered["gpus"]!.AsArray().Count);
        Assert.Contains("was lost while it was read", (string)answered["error"]!, StringComparison.Ordinal);

        var late = nodes.Single(n => (string)n["host"]! == "a-hanging");
        Assert.Empty(late["gpus"]!.AsArray());
        Assert.True(late.ContainsKey("memory"), "what the agent does know is there");
        Assert.Contains("has not answered within", (string)late["error"]!, StringComparison.Ordinal);

        var errors = nodes.Take(3).Select(n => (string)n["error"]!).ToList();
        Assert.Contains(errors, e => e.Contains("ODIN_AGENT_TOKEN", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains($":{nobody} cannot be asked", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.Contains($"{silent.LocalEndpoint} has not answered", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nodes_OfAName_AreThoseOfItsAddresses()
    {
        await using var agent = await AgentTests.StartAsync(await SimulatedNvml.CompileAsync(directory));
        await using var server = await StartAsync(
            null, new Uri($"dns+http://localhost:{agent.Url.Port}"), new Uri("dns+http://no-such-name.invalid:29999"));
        var nodes = (await server.Client.GetJsonAsync("/v1/nodes"))["nodes"]!.AsArray();
        Assert.Equal(["gpu-1", "no-such-name.invalid"], nodes.Select(n => (string)n!["host"]!));
        Assert.Equal(3, nodes[0]!["gpus"]!.AsArray().Count);
        Assert.Contains("cannot be looked up", (string)nodes[1]!["error"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"gpus":[{"id":"0000:01:00.0","productName":"old"}]}""", "old", null)]
    [InlineData("<html>", null, "is no agent")]
    [InlineData("[1]", null, "is no agent")]
    [InlineData("""{"gpus":3}""", null, null)]
    public async Task Nodes_OfOtherPrograms_AreTakenAsFarAsTheyGo(string answer, string? name, string? error)
    {
        using var stop = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, answer, stop.Token);
        await using (var server = await StartAsync(null, new Uri($"http://{listener.LocalEndpoint}")))
        {
            var node = (await server.Client.GetJsonAsync("/v1/nodes"))["nodes"]!.AsArray().Single()!.AsObject();
            Assert.Equal(name, (string?)node["gpus"]!.AsArray().FirstOrDefault()?["productName"]);
            if (error is null)
                Assert.False(node.ContainsKey("error"), node.ToJsonString());
            else
                Assert.Contains(error, (string)node["error"]!, StringComparison.Ordinal);
        }
        await stop.CancelAsync();
        await serving;
    }

    [Fact]
    public async Task Nodes_WithoutAgents_AreTheServersOwnMachineWithItsGpus()
    {
        var library = await SimulatedNvml.CompileAsync(directory);
        await using var server = await TestServer.StartAsync(o => o with
        {
            Nodes = new NodeOptions { Host = "here", Gpus = new GpuReaderOptions { NvmlLibrary = library, NvidiaSmi = "/nonexistent/nothing" }, Timeout = TimeSpan.FromMinutes(1) },
        });
        var node = (await server.Client.GetJsonAsync("/v1/nodes"))["nodes"]!.AsArray().Single()!;
        Assert.Equal(["cpu", "memory", "ephemeral-storage", "gpus", "host", "internalIP", "error"], node.Keys());
        Assert.Equal("here", (string)node["host"]!);
        Assert.Equal(3, node["gpus"]!.AsArray().Count);
    }

    [Fact]
    public async Task Nodes_WhoseDriverHangs_AreTheMachineWithoutGpus()
    {
        var library = await SimulatedNvml.CompileAsync(directory, "HANGING");
        await using var server = await TestServer.StartAsync(o => o with
        {
            Nodes = new NodeOptions { Gpus = new GpuReaderOptions { NvmlLibrary = library }, Timeout = TimeSpan.FromMilliseconds(200) },
        });
        var node = (await server.Client.GetJsonAsync("/v1/nodes"))["nodes"]!.AsArray().Single()!;
        Assert.Empty(node["gpus"]!.AsArray());
        Assert.Contains("has not answered", (string)node["error"]!, StringComparison.Ordinal);
    }

    // Long enough for a slow machine to answer, short enough to wait for those that never do.
    private static Task<TestServer> StartAsync(string? token, params Uri[] agents) => TestServer.StartAsync(o => o with
    {
        Nodes = new NodeOptions { Agents = agents, Token = token, Timeout = TimeSpan.FromSeconds(10) },
    });

    /// <summary>A program that knows <c>/v1/gpus</c> alone, as the inherited agent does.</summary>
    private static async Task ServeAsync(TcpListener listener, string answer, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptTcpClientAsync(stop);
                var stream = connection.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                var request = await reader.ReadLineAsync(stop) ?? "";
                while (!string.IsNullOrEmpty(await reader.ReadLineAsync(stop)))
                {
                }
                var (status, body) = request.StartsWith("GET /v1/gpus ", StringComparison.Ordinal) ? ("200 OK", answer) : ("404 Not Found", "{}");
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), stop);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}

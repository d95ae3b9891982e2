using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Odin.Nodes;
using Odin.Server.Hosting;
using Odin.Server.Nodes;

namespace Odin.Server.Tests.Nodes;

/// <summary>An agent in this process, asked over HTTP.</summary>
public sealed class AgentTests : IDisposable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TemporaryDirectory directory = new();
    private readonly HttpClient client = new();

    public void Dispose()
    {
        client.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Gpus_AreAsApproved()
    {
        await using var agent = await StartAsync(await SimulatedNvml.CompileAsync(directory));
        var answer = await client.GetJsonAsync(new Uri(agent.Url, "/v1/gpus").ToString());
        var approved = await File.ReadAllTextAsync(SimulatedNvml.Fixture("gpus.json"));
        Assert.Equal(approved, answer.ToJsonString(Indented) + "\n");
    }

    [Theory]
    [InlineData("a100", 1)]
    [InlineData("NVIDIA", 3)]
    [InlineData("", 3)]
    [InlineData("radeon", 0)]
    public async Task Gpus_WithAPartialName_AreThoseWithIt(string q, int expected)
    {
        await using var agent = await StartAsync(await SimulatedNvml.CompileAsync(directory));
        Assert.Equal(expected, (await client.GetJsonAsync(new Uri(agent.Url, $"/v1/gpus?q={q}").ToString()))["gpus"]!.AsArray().Count);
    }

    [Fact]
    public async Task Gpu_ByUuid_IsTheGpuAlone()
    {
        await using var agent = await StartAsync(await SimulatedNvml.CompileAsync(directory));
        var gpu = await client.GetJsonAsync(new Uri(agent.Url, "/v1/gpus/gpu-00000000-0000-4000-8000-000000000001").ToString());
        Assert.Equal("NVIDIA GeForce GTX 1080", (string)gpu["productName"]!);
        Assert.False(gpu.AsObject().ContainsKey("processes"));
        var problem = await client.GetJsonAsync(new Uri(agent.Url, "/v1/gpus/GPU-none").ToString(), HttpStatusCode.NotFound);
        Assert.Contains("GPU-none", (string)problem["detail"]!, StringComparison.Ordinal);
        await client.GetJsonAsync(new Uri(agent.Url, "/v1/nothing").ToString(), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Gpus_WithoutDriver_AreNone()
    {
        await using var agent = await StartAsync("/nonexistent/nothing");
        Assert.Equal("""{"gpus":[]}""", (await client.GetJsonAsync(new Uri(agent.Url, "/v1/gpus").ToString())).ToJsonString());
    }

    [Fact]
    public async Task Node_HasProcessorsMemoryAndDisks()
    {
        await using var agent = await StartAsync("/nonexistent/nothing");
        var node = await client.GetJsonAsync(new Uri(agent.Url, "/v1/node").ToString());
        Assert.Equal(["host", "internalIP", "capacity", "cpu", "memory", "disks"], node.Keys());
        Assert.Equal("gpu-1", (string)node["host"]!);
        Assert.Equal(["cpu", "memory", "ephemeral-storage"], node["capacity"]!.Keys());
        Assert.Matches(@"^\d+Ki$", (string)node["capacity"]!["memory"]!);
        Assert.Equal((string)node["capacity"]!["cpu"]!, ((int)node["cpu"]!["cores"]!).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(3, node["cpu"]!["load"]!.AsArray().Count);
        Assert.True((long)node["memory"]!["total"]! > (long)node["memory"]!["free"]!);
        // A path that is not there is left out.
        var disk = Assert.Single(node["disks"]!.AsArray())!;
        Assert.Equal(["path", "total", "used", "free", "unit"], disk.Keys());
    }

    [Fact]
    public async Task Metrics_HaveTheMachineAndItsGpus()
    {
        await using var agent = await StartAsync(await SimulatedNvml.CompileAsync(directory));
        var lines = (await client.GetStringAsync(new Uri(agent.Url, "/metrics"))).Split('\n');
        Assert.Contains("odin_gpus 3", lines);
        Assert.Contains("odin_gpu_problems 3", lines);
        const string first = "{uuid=\"GPU-00000000-0000-4000-8000-000000000000\",name=\"NVIDIA A100-SXM4-80GB\"}";
        Assert.Contains($"odin_gpu_utilization_ratio{first} 0.87", lines);
        Assert.Contains($"odin_gpu_memory_used_bytes{first} {4096L << 20}", lines);
        Assert.Contains($"odin_gpu_processes{first} 2", lines);
        Assert.Contains(lines, l => l.StartsWith("odin_node_memory_available_bytes ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("odin_node_disk_bytes{path=\"/\"} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_NamesProblemsAndStaysUp()
    {
        await using var agent = await StartAsync(await SimulatedNvml.CompileAsync(directory));
        Assert.Equal("ok", (string)(await client.GetJsonAsync(new Uri(agent.Url, "/health").ToString()))["status"]!);
        await client.GetJsonAsync(new Uri(agent.Url, "/v1/gpus").ToString());
        var health = await client.GetJsonAsync(new Uri(agent.Url, "/health").ToString());
        Assert.Equal("degraded", (string)health["status"]!);
        Assert.Contains("was lost while it was read", (string)health["parts"]!["gpus"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gpus_OfADriverThatHangs_Are503AndTheRestAnswers()
    {
        var time = new ManualTime();
        await using var agent = await StartAsync(await SimulatedNvml.CompileAsync(directory, "HANGING"), time: time);
        var asked = client.GetAsync(new Uri(agent.Url, "/v1/gpus"));
        await Eventually.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                return asked.IsCompleted;
            },
            "the request for GPUs ends though the driver does not answer");
        var problem = await (await asked).ExpectAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Contains("has not answered for 15 s", (string)problem["detail"]!, StringComparison.Ordinal);
        var health = await client.GetJsonAsync(new Uri(agent.Url, "/health").ToString());
        Assert.Equal("degraded", (string)health["status"]!);
        await client.GetJsonAsync(new Uri(agent.Url, "/v1/node").ToString());
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("Bearer wrong", HttpStatusCode.Unauthorized)]
    [InlineData("Basic s3cret", HttpStatusCode.Unauthorized)]
    [InlineData("bearer s3cret", HttpStatusCode.OK)]
    public async Task AnyRequest_WhereATokenIsSet_NeedsIt(string? header, HttpStatusCode expected)
    {
        await using var agent = await StartAsync("/nonexistent/nothing", token: "s3cret");
        foreach (var path in new[] { "/v1/gpus", "/v1/gpus/x", "/v1/node", "/metrics", "/v1/nothing" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(agent.Url, path));
            if (header is not null)
                request.Headers.TryAddWithoutValidation("Authorization", header);
            using var response = await client.SendAsync(request);
            Assert.Equal(expected == HttpStatusCode.OK && path is "/v1/gpus/x" or "/v1/nothing" && header == "bearer s3cret" ? HttpStatusCode.NotFound : expected, response.StatusCode);
        }
        Assert.Equal("ok", (string)(await client.GetJsonAsync(new Uri(agent.Url, "/health").ToString()))["status"]!);
    }

    [Fact]
    public async Task Start_OnAPortInUse_SaysSo()
    {
        await using var agent = await StartAsync("/nonexistent/nothing");
        var error = await Assert.ThrowsAsync<StartupException>(() => StartAsync("/nonexistent/nothing", port: agent.Url.Port));
        Assert.Equal(ExitCodes.InUse, error.ExitCode);
    }

    internal static Task<RunningAgent> StartAsync(
        string library, string? token = null, int port = 0, TimeProvider? time = null, string host = "gpu-1") => RunningAgent.StartAsync(
        new ServerOptions
        {
            Role = ServerRole.Agent,
            DataDirectory = "/nonexistent",
            Addresses = [new ServerAddress(false, IPAddress.Loopback, port)],
            LogLevel = LogLevel.Error,
            Nodes = new NodeOptions
            {
                Token = token,
                Host = host,
                Disks = ["/", "/nonexistent/disk"],
                Gpus = new GpuReaderOptions { NvmlLibrary = library, NvidiaSmi = "/nonexistent/nothing" },
            },
        },
        time ?? TimeProvider.System,
        CancellationToken.None);
}

using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>Trainings and packagings whose server is killed, or whose disk is full, in each of their steps.</summary>
public sealed class LifecycleTroubleTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("Fetching")]
    [InlineData("Downloading")]
    [InlineData(LifecycleWalk.Program)]
    [InlineData("Packing the model")]
    public async Task Training_WhoseServerIsKilled_IsDoneOnce(string moment)
    {
        await using var server = await StartAsync();
        var walk = new LifecycleWalk(server, directory);
        await walk.TrainUntilAsync("t", moment);
        await server.KillAsync();
        File.Delete(walk.Hold);
        await server.StartAgainAsync();

        var status = await walk.EndAsync("training", "t");
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await walk.LogAsync("training", "t"));
        Assert.Equal("run\n", await File.ReadAllTextAsync(walk.ProgramLog));
        await walk.CheckArtifactAsync("t.zip");
        Assert.Single(JsonNode.Parse(await server.Client.GetStringAsync("/api/v1/artifact"))!.AsArray());
        // What was being written when the server died is no object, and goes when it is old.
        Assert.Single(Directory.GetFiles(Path.Combine(server.DataDirectory, "artifacts")), f => !Path.GetFileName(f).StartsWith(".odin-save-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Fetching the artifact")]
    [InlineData("Unpacked")]
    [InlineData("Building")]
    [InlineData("Layer runtime")]
    public async Task Packaging_WhoseServerIsKilled_IsOneWholeImage(string moment)
    {
        await using var server = await StartAsync();
        var walk = new LifecycleWalk(server, directory);
        await walk.PrepareAsync();
        await walk.TrainAsync("t", bytes: 60_000_000);
        Assert.Equal("succeeded", (string?)(await walk.EndAsync("training", "t"))["state"]);
        await walk.PackAsync("p", "t.zip");
        await Eventually.True(async () => (await walk.LogAsync("packaging", "p")).Contains(moment, StringComparison.Ordinal), $"the packaging is at '{moment}'");
        await server.KillAsync();
        await server.StartAgainAsync();

        var status = await walk.EndAsync("packaging", "p");
        Assert.True("succeeded" == (string?)status["state"], status.ToJsonString() + await walk.LogAsync("packaging", "p"));
        var digest = (string)status["results"]![1]!["value"]!;
        Assert.Equal(digest, await DigestAsync(server, "p", "1"));
        // The same once more is the same image: nothing of the first attempt is in it.
        using var again = await server.Client.PutAsync("/api/v1/model/packaging", new StringContent((await server.Client.GetStringAsync("/api/v1/model/packaging/p"))));
        Assert.True(again.IsSuccessStatusCode, await again.Content.ReadAsStringAsync());
        await Eventually.True(async () => (string?)(await walk.StatusAsync("packaging", "p"))["podName"] != (string?)status["podName"], "it has begun again");
        Assert.Equal(digest, (string?)(await walk.EndAsync("packaging", "p"))["results"]![1]!["value"]);
    }

    [Fact]
    public async Task DiskFull_InEachStep_IsSaid_AndOverWhenThereIsRoomAgain()
    {
        await using var disk = await SmallDisk.MountAsync(96);
        await using var server = await StartAsync(Path.Combine(disk.Path, "data"));
        var walk = new LifecycleWalk(server, directory);
        await walk.PrepareAsync(dataBytes: 30_000_000);

        // Setup: the data does not fit.
        await disk.FillAsync(left: 20_000_000);
        await walk.TrainAsync("setup");
        await FailedAsync(walk, "training", "setup", "SetupFailed");
        disk.MakeRoom();

        // The program: what it writes does not fit.
        await walk.TrainAsync("program", bytes: 120_000_000);
        var failed = await walk.EndAsync("training", "program");
        Assert.Equal(("failed", "NonZeroExit"), ((string?)failed["state"], (string?)failed["reason"]));
        Assert.Contains("No space left", await walk.LogAsync("training", "program"), StringComparison.Ordinal);
        await DeleteAsync(server, "training", "program");
        await DeleteAsync(server, "training", "setup");

        // Result: the artifact does not fit.
        File.Delete(walk.ProgramLog);
        await File.WriteAllTextAsync(walk.Hold, "");
        await walk.TrainAsync("result", bytes: 10_000_000);
        await Eventually.True(() => File.Exists(walk.ProgramLog), "the program runs");
        await disk.FillAsync(left: 15_000_000);
        File.Delete(walk.Hold);
        await FailedAsync(walk, "training", "result", "ConnectionFailed", "ResultFailed");
        Assert.Empty(JsonNode.Parse(await server.Client.GetStringAsync("/api/v1/artifact"))!.AsArray());
        Assert.Empty(Directory.GetFiles(Path.Combine(server.DataDirectory, "artifacts")));
        disk.MakeRoom();
        await DeleteAsync(server, "training", "result");

        await walk.TrainAsync("good", bytes: 10_000_000);
        var good = await walk.EndAsync("training", "good");
        Assert.True("succeeded" == (string?)good["state"], good.ToJsonString());
        await DeleteAsync(server, "training", "good");

        // A packaging: neither the artifact nor the layers fit.
        foreach (var left in new[] { 5_000_000, 25_000_000 })
        {
            await disk.FillAsync(left);
            await walk.PackAsync($"p{left}", "good.zip");
            await FailedAsync(walk, "packaging", $"p{left}", "ConnectionFailed", "SetupFailed", "ImageFailed", "WorkFailed");
            disk.MakeRoom();
            await DeleteAsync(server, "packaging", $"p{left}");
        }
        await walk.PackAsync("p", "good.zip");
        var packed = await walk.EndAsync("packaging", "p");
        Assert.True("succeeded" == (string?)packed["state"], packed.ToJsonString());
        Assert.NotNull(await DigestAsync(server, "p", "1"));
    }

    private static Task<OdinServer> StartAsync(string? data = null) => OdinServer.StartAsync(new ServerSetup { DataDirectory = data });

    private static async Task FailedAsync(LifecycleWalk walk, string kind, string id, params string[] reasons)
    {
        var status = await walk.EndAsync(kind, id);
        Assert.Equal("failed", (string?)status["state"]);
        Assert.Contains((string?)status["reason"], reasons);
        Assert.Matches("(?i)no space|is full", (string?)status["message"]);
    }

    private static async Task DeleteAsync(OdinServer server, string kind, string id)
    {
        using var answer = await server.Client.DeleteAsync($"/api/v1/model/{kind}/{id}");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await Eventually.True(() => !Directory.Exists(Path.Combine(server.DataDirectory, "workspaces", ".lifecycle", kind, id)), $"the workspace of the {kind} '{id}' goes");
    }

    // Of the manifest that a tag names in the server's own registry.
    private static async Task<string?> DigestAsync(OdinServer server, string repository, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"/v2/{repository}/manifests/{tag}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.oci.image.manifest.v1+json"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"admin:{OdinServer.Password}")));
        using var answer = await server.Client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, answer.ToString());
        return answer.Headers.GetValues("Docker-Content-Digest").Single();
    }
}

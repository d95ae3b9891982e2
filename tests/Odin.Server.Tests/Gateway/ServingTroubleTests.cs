using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Odin.Deployments;
using Odin.Server.Gateway;

namespace Odin.Server.Tests.Gateway;

/// <summary>Deployments that wake, sleep, change and break, with requests on their way.</summary>
public sealed class ServingTroubleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deployment_NobodyAsks_SleepsAndWakesForAllWhoCome()
    {
        await using var server = await ServingServer.StartAsync(replicas: o => o with { IdleAfter = TimeSpan.FromMilliseconds(500) });
        await server.DeployAsync("m", wait: false);
        await Eventually.True(async () => (await server.InvokeAsync("/model/m")).IsSuccessStatusCode, "it serves");
        for (var cycle = 0; cycle < 3; cycle++)
        {
            await Eventually.True(async () => (await server.FindAsync("m")).Status is { Replicas.Count: 0, State: DeploymentState.Ready, Reason: DeploymentReasons.Asleep }, "it sleeps");
            // All who come while it wakes are answered, by one replica.
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => server.PredictAsync("/model/m")));
            Assert.All(answers, a => Assert.Equal("m", (string?)a["prediction"]![0]![0]));
            Assert.Single(answers.Select(a => (int)a["pid"]!).Distinct());
        }
    }

    [Fact]
    public async Task Deployment_CyclesUnderSteadyRequests_LoseNone()
    {
        await using var server = await ServingServer.StartAsync(replicas: o => o with { IdleAfter = TimeSpan.FromMilliseconds(60), DrainHold = TimeSpan.FromMilliseconds(50) });
        await server.DeployAsync("m", wait: false);
        await Eventually.True(async () => (await server.InvokeAsync("/model/m")).IsSuccessStatusCode, "it serves");
        var pids = new HashSet<int>();
        for (var i = 0; i < 300; i++)
        {
            pids.Add((int)(await server.PredictAsync("/model/m"))["pid"]!);
            // Now and then just about when it goes to sleep.
            await Task.Delay(i % 10 == 0 ? 60 + (i % 7 * 20) : 1, Token);
        }
        Assert.True(pids.Count > 3, $"it has slept {pids.Count - 1} times");
    }

    [Fact]
    public async Task Deployment_ThatIsNeverReady_AnswersInTimeWithTheReason()
    {
        await using var server = await ServingServer.StartAsync(new GatewayOptions { WakeTimeout = TimeSpan.FromSeconds(3), MaxWaiting = 2 });
        server.Tell("m", "unready-1.0");
        await server.DeployAsync("m", wait: false);
        await Eventually.True(async () => (await server.InvokeAsync("/model/m")).StatusCode != HttpStatusCode.NotFound, "the route is there");
        var responses = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => server.InvokeAsync("/model/m")));
        var texts = await Task.WhenAll(responses.Select(r => r.Content.ReadAsStringAsync(Token)));
        Assert.All(responses, r => Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (r.StatusCode, r.Headers.RetryAfter is not null)));
        Assert.Equal(3, texts.Count(t => t.Contains("2 requests wait for the model 'm' already", StringComparison.Ordinal)));
        Assert.Equal(2, texts.Count(t => t.Contains("0 of 1 replicas are ready", StringComparison.Ordinal)));
        // As soon as it is ready it serves.
        server.Untell("m", "unready-1.0");
        await Eventually.True(async () => (await server.InvokeAsync("/model/m")).IsSuccessStatusCode, "it serves");
    }

    [Theory]
    [InlineData(false)]
    // Its answers do not say what has answered: the gateway does, of the very replica.
    [InlineData(true)]
    public async Task Deployment_OfANewImage_IsReplacedWithoutALostRequest(bool isModest)
    {
        await using var server = await ServingServer.StartAsync();
        if (isModest)
            server.Tell("m", "modest");
        await server.DeployAsync("m", ""","minReplicas":2,"maxReplicas":2""");
        using var stop = new CancellationTokenSource();
        var versions = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var load = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var response = await server.InvokeAsync("/model/m");
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                var version = (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!["version"]!;
                Assert.Equal(["m", version], [.. response.Headers.GetValues("Model-Name"), .. response.Headers.GetValues("Model-Version")]);
                versions.AddOrUpdate(version, 1, (_, n) => n + 1);
            }
        }).ToList();
        foreach (var version in new[] { "2.0", "3.0" })
        {
            var image = await server.PushAsync("m", version);
            await server.PutAsync("model/deployment", $$$"""{"id":"m","spec":{"image":"{{{image}}}","predictor":"odahu-ml-server","minReplicas":2,"maxReplicas":2}}""");
            await Eventually.True(async () => await server.StateAsync("m") == "Ready" && (string?)(await server.StatusAsync("m"))["modelVersion"] == version, $"{version} is ready");
            await Eventually.True(async () => (await server.FindAsync("m")).Status.Replicas.Count == 2, "the old ones are gone");
        }
        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Equal(["1.0", "2.0", "3.0"], versions.Keys.Order());
    }

    [Fact]
    public async Task Deployment_WhoseNewImageDoesNotStart_ServesOnAndSaysWhy()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m");
        server.Tell("m", "crash-2.0");
        var image = await server.PushAsync("m", "2.0");
        await server.PutAsync("model/deployment", $$$"""{"id":"m","spec":{"image":"{{{image}}}","predictor":"odahu-ml-server"}}""");
        await Eventually.True(async () => await server.StateAsync("m") == "Failed", "the failure is told");
        var status = await server.StatusAsync("m");
        Assert.Equal("ReplicaFailed", (string?)status["reason"]);
        Assert.Contains("the model cannot be read: weights are missing", (string?)status["message"], StringComparison.Ordinal);
        Assert.Equal("1.0", (string?)(await server.PredictAsync("/model/m"))["version"]);
        // Mended, it comes by itself.
        server.Untell("m", "crash-2.0");
        await Eventually.True(async () => await server.StateAsync("m") == "Ready", "it is ready");
        await Eventually.True(async () => (string?)(await server.PredictAsync("/model/m"))["version"] == "2.0", "the new one serves");
    }

    [Fact]
    public async Task Replica_OfAnOldImageKilled_WhileTheNewOneDoesNotStart_ComesBack()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m");
        server.Tell("m", "crash-2.0");
        var image = await server.PushAsync("m", "2.0");
        await server.PutAsync("model/deployment", $$$"""{"id":"m","spec":{"image":"{{{image}}}","predictor":"odahu-ml-server"}}""");
        await Eventually.True(async () => await server.StateAsync("m") == "Failed", "the failure is told");
        var first = (int)(await server.PredictAsync("/model/m"))["pid"]!;
        Process.GetProcessById(first).Kill();
        var answer = new JsonObject();
        await Eventually.True(
            async () =>
            {
                using var response = await server.InvokeAsync("/model/m");
                return response.IsSuccessStatusCode && (answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!.AsObject()) is not null;
            },
            "the old one serves again");
        Assert.Equal("1.0", (string?)answer["version"]);
        Assert.NotEqual(first, (int)answer["pid"]!);
        // It gives way as always.
        server.Untell("m", "crash-2.0");
        await Eventually.True(async () => (string?)(await server.PredictAsync("/model/m"))["version"] == "2.0", "the new one serves");
        await Eventually.True(async () => (await server.FindAsync("m")).Status.Replicas.Count == 1, "the old one is gone");
    }

    [Theory]
    [InlineData("nobody:1", "ImagePullFailed", true)]
    [InlineData("127.0.0.1:1/nobody:1", "ImagePullFailed", false)]
    public async Task Deployment_OfAnImageThatIsNotThere_SaysSo(string image, string reason, bool isLookedForHere)
    {
        // Nobody waits for what cannot come.
        await using var server = await ServingServer.StartAsync(new GatewayOptions { WakeTimeout = TimeSpan.FromHours(1) });
        await server.PostAsync("model/deployment", $$$"""{"id":"m","spec":{"image":"{{{image}}}","predictor":"odahu-ml-server"}}""");
        await Eventually.True(async () => await server.StateAsync("m") == "Failed", "the failure is told");
        var status = await server.StatusAsync("m");
        Assert.Equal(reason, (string?)status["reason"]);
        Assert.Contains("nobody", (string?)status["message"], StringComparison.Ordinal);
        Assert.Equal(isLookedForHere, ((string?)status["message"])!.Contains("The server's own registry has no 'nobody:1'", StringComparison.Ordinal));
        using var response = await server.InvokeAsync("/model/m");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("nobody", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replica_Killed_IsReplacedAndOthersGoOn()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m");
        var first = (int)(await server.PredictAsync("/model/m"))["pid"]!;
        Process.GetProcessById(first).Kill();
        // What comes from now on waits for the new one.
        var answers = new List<int>();
        for (var i = 0; i < 20; i++)
        {
            using var response = await server.Models.GetAsync(new Uri("/model/m/pid", UriKind.Relative), Token);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        Assert.NotEqual(first, (int)(await server.PredictAsync("/model/m"))["pid"]!);
    }

    [Fact]
    public async Task Replica_DiesOfARequest_TheRequestIsNotRepeated()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m");
        using var response = await server.InvokeAsync("/model/m", "/die");
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("nobody knows whether it has done what was asked", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        // What changes nothing is asked again.
        using var repeated = await server.Models.GetAsync(new Uri("/model/m/die-once", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, repeated.StatusCode);
    }

    [Fact]
    public async Task Replica_ThatRefuses_AnotherOneIsAsked()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m", ""","minReplicas":2,"maxReplicas":2""");
        await Eventually.True(async () => (int)(await server.StatusAsync("m"))["availableReplicas"]! == 2, "both are ready");
        // Each refuses a body once, so that with two of them the second or the third attempt is taken.
        using var first = await server.InvokeAsync("/model/m", "/refuse-once", "\"x\"");
        using var second = await server.InvokeAsync("/model/m", "/refuse-once", "\"x\"");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
    }

    [Fact]
    public async Task Deployment_Deleted_AnswersWhatItHasFirst()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m");
        var running = server.InvokeAsync("/model/m", "/wait");
        await Eventually.True(() => server.Told("m", "waiting-*"), "the request is with the model");
        using var admin = server.Server.Admin();
        (await admin.DeleteAsync(new Uri("/api/v1/model/deployment/m", UriKind.Relative), Token)).EnsureSuccessStatusCode();
        Assert.Equal("Deleting", await server.StateAsync("m"));
        server.Tell("m", "go");
        using var response = await running;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await server.DeleteAsync("m");
        // Nothing is left of it: no route, no process, no image.
        Assert.Equal(HttpStatusCode.NotFound, (await server.InvokeAsync("/model/m")).StatusCode);
    }

    [Fact]
    public async Task Deployment_WithMoreRequestsThanItsTarget_GetsMoreReplicas()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m", ""","maxReplicas":3,"annotations":{"autoscaling.knative.dev/target":"2"}""");
        var waiting = Enumerable.Range(0, 6).Select(_ => server.InvokeAsync("/model/m", "/wait")).ToList();
        await Eventually.True(async () => (int)(await server.StatusAsync("m"))["availableReplicas"]! == 3, "there are three");
        server.Tell("m", "go");
        foreach (var response in await Task.WhenAll(waiting))
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Mirror_ThatIsDown_TroublesNobody()
    {
        await using var server = await ServingServer.StartAsync();
        server.Tell("down", "crash-1.0");
        await server.DeployAsync("up");
        await server.DeployAsync("down", wait: false);
        await server.PostAsync("model/route", """{"id":"r","spec":{"urlPrefix":"/custom/r","mirror":"down","modelDeployments":[{"mdName":"up"}]}}""");
        await Eventually.True(async () => (await server.InvokeAsync("/custom/r")).IsSuccessStatusCode, "the route is there");
        // More than may wait for the mirror.
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => server.PredictAsync("/custom/r")));
    }
}

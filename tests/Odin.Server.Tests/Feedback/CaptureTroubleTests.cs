using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Odin.Feedback;
using Odin.ObjectStorage;
using Odin.Server.Tests.Gateway;

namespace Odin.Server.Tests.Feedback;

/// <summary>Predictions through the real gateway while the bucket that records them dies and comes back.</summary>
public sealed class CaptureTroubleTests : IAsyncDisposable
{
    private readonly MotoServer moto = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => moto.DisposeAsync();

    [Fact]
    public async Task Bucket_Killed_PredictionsGoOn_WhatFitsIsKeptAndWrittenOnceWhenItIsBack()
    {
        var bucket = await moto.CreateBucketAsync();
        await using var server = await ServingServer.StartAsync(
            feedback: new FeedbackOptions { Connection = "bucket", MaxMemory = 400_000, MaxBatchRecords = 10, MaxAge = TimeSpan.FromSeconds(1) });
        await server.PostAsync("connection", $$$"""{"id":"bucket","spec":{"type":"s3","uri":"{{{moto.Endpoint}}}/{{{bucket}}}/records","region":"us-east-1","keyID":"dGVzdA==","keySecret":"dGVzdA=="}}""");
        await server.DeployAsync("m");
        var before = await PredictAsync(server, "before", 15);
        await Eventually.True(async () => (await RecordedAsync(bucket)).Count == before, "what is predicted is recorded");
        var (dropped, sent) = (await DroppedAsync(server), 0);

        moto.Kill();
        // Until there is no more room, and some more.
        for (var surplus = 0; surplus < 5; sent += 5)
        {
            await PredictAsync(server, $"during-{sent}", 5);
            surplus += await DroppedAsync(server) > dropped ? 1 : 0;
            Assert.True(sent < 2000, "all is kept: there is no bound");
        }
        var lost = await DroppedAsync(server) - dropped;
        Assert.InRange(lost, 1, sent - 10);

        await moto.CreateBucketAsync(bucket);
        await Eventually.True(async () => (await RecordedAsync(bucket)).Count >= sent - lost, "what was kept is written", TimeSpan.FromMinutes(2));
        var after = await PredictAsync(server, "after", 5);
        await Eventually.True(async () => (await RecordedAsync(bucket)).Count(id => id.StartsWith("after", StringComparison.Ordinal)) == after, "recording goes on");
        var recorded = await RecordedAsync(bucket);
        Assert.Equal(recorded.Distinct(StringComparer.Ordinal), recorded);
        Assert.Equal(sent - lost + after, recorded.Count);
        Assert.Equal(lost, await DroppedAsync(server) - dropped);
        var joined = (await server.Server.Client.GetStringAsync("/v1/feedback/join?model=m&all=true", Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(recorded.Order(StringComparer.Ordinal), joined.Select(j => (string)j["requestId"]!).Order(StringComparer.Ordinal));
        Assert.All(joined, j => Assert.Contains((string)j["requestId"]!, j["response"]!.ToJsonString(), StringComparison.Ordinal));
    }

    // All are answered, whatever becomes of their records.
    private static async Task<int> PredictAsync(ServingServer server, string name, int count)
    {
        foreach (var i in Enumerable.Range(0, count))
        {
            using var response = await server.InvokeAsync("/model/m", body: $"\"{new string('x', 4000)}\"", headers: ("Request-Id", $"{name}-{i}"));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        return count;
    }

    private static async Task<int> DroppedAsync(ServingServer server)
    {
        var metrics = await server.Server.Client.GetStringAsync("/metrics", Token);
        return metrics.Split('\n').Where(l => l.StartsWith("odin_feedback_dropped_total{", StringComparison.Ordinal) && l.Contains("tag=\"request_response\"", StringComparison.Ordinal) && l.Contains("reason=\"memory\"", StringComparison.Ordinal))
            .Sum(l => int.Parse(Regex.Match(l, "[0-9]+$").Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<List<string>> RecordedAsync(string bucket)
    {
        using var storage = new S3ObjectStorage(new S3StorageOptions { Bucket = bucket, Region = "us-east-1", KeyId = "test", KeySecret = "test", Endpoint = moto.Endpoint });
        var ids = new List<string>();
        await foreach (var entry in storage.ListAsync("records/model_log/request_response/m/", Token))
        {
            using var reader = new StreamReader(await storage.OpenAsync(entry.Key, Token));
            while (await reader.ReadLineAsync(Token) is { } line)
                ids.Add((string)JsonNode.Parse(line)!["request_id"]!);
        }
        return ids;
    }
}

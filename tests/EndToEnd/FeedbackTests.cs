using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>Feedback that was answered for is there, whatever happens to the server and its disk.</summary>
public sealed class FeedbackTests
{
    [Fact]
    public async Task Kill_AgainAndAgain_NothingThatWasTakenIsLostOrDoubled()
    {
        await using var server = await OdinServer.StartAsync("--feedback-max-age", "1s");
        var taken = new List<string>();
        for (var kill = 0; kill < 5; kill++)
        {
            for (var i = 0; i < 20; i++)
            {
                var id = $"{kill}-{i}";
                if (await SendAsync(server, id) == HttpStatusCode.OK)
                    taken.Add(id);
            }
            await server.KillAsync();
            await server.StartAgainAsync();
        }
        Assert.Equal(100, taken.Count);
        var found = new List<string?>();
        await Eventually.True(
            async () =>
            {
                var list = JsonNode.Parse(await server.Client.GetStringAsync("/v1/feedback?model=wine&limit=1000"))!["feedback"]!.AsArray();
                found = [.. list.Select(f => (string?)f!["requestId"])];
                return found.Count >= taken.Count;
            },
            "everything has come into the storage");
        Assert.Equal(taken.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Disk_Full_IsRefusedUntilThereIsRoom()
    {
        await using var disk = await SmallDisk.MountAsync(32);
        await using var server = await OdinServer.StartAsync(new ServerSetup { DataDirectory = Path.Combine(disk.Path, "data") });
        Assert.Equal(HttpStatusCode.OK, await SendAsync(server, "before"));
        await disk.FillAsync();
        // As much as may still find room in the last block of a file.
        await Eventually.True(async () => await SendAsync(server, "full", new string('x', 100_000)) == HttpStatusCode.BadGateway, "a full disk is told");
        disk.MakeRoom();
        await Eventually.True(async () => await SendAsync(server, "after") == HttpStatusCode.OK, "there is room again");
        await Eventually.True(
            async () =>
            {
                using var answer = await server.Client.GetAsync("/v1/feedback?model=wine&limit=1000");
                if (!answer.IsSuccessStatusCode)
                    return false;
                var ids = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["feedback"]!.AsArray().Select(f => (string?)f!["requestId"]).ToList();
                return ids.Contains("before") && ids.Contains("after");
            },
            "what was taken is in the storage");
    }

    private static async Task<HttpStatusCode> SendAsync(OdinServer server, string id, string text = "good")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/feedback") { Content = new StringContent($"\"{text}\"", Encoding.UTF8, "application/json") };
        foreach (var (name, value) in new[] { ("Request-Id", id), ("Model-Name", "wine"), ("Model-Version", "1.0") })
            request.Headers.Add(name, value);
        using var answer = await server.Client.SendAsync(request);
        return answer.StatusCode;
    }
}

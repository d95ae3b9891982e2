using System.Net;
using Odin.Server.Tests.Gateway;

namespace Odin.Server.Tests.Deployments;

/// <summary>What replicas have written, over REST, of real ones.</summary>
public sealed class DeploymentLogTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_OfReplicas_IsReadFollowedAndKept()
    {
        await using var server = await ServingServer.StartAsync();
        await server.DeployAsync("m");
        using var client = server.Server.Admin();
        var (first, text) = await ReadAsync(client, "m", "");
        Assert.Equal("m 1.0 serves\n", text);

        // Followed, it shows what comes, and ends when the replica does.
        using var following = await client.GetAsync(new Uri($"/api/v1/model/deployment/m/log?follow=true&replica={first}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
        Assert.Equal((HttpStatusCode.OK, "text/plain", first), (following.StatusCode, following.Content.Headers.ContentType?.MediaType, following.Headers.GetValues("Replica").Single()));
        using var lines = new StreamReader(await following.Content.ReadAsStreamAsync(Token));
        Assert.Equal("m 1.0 serves", await LineAsync(lines));
        foreach (var word in new[] { "one", "zwei, drü" })
        {
            using var said = await server.InvokeAsync("/model/m", "/say", word);
            Assert.Equal(HttpStatusCode.OK, said.StatusCode);
            Assert.Equal(word, await LineAsync(lines));
        }
        var image = await server.PushAsync("m", "2.0");
        await server.PutAsync("model/deployment", $$$"""{"id":"m","spec":{"image":"{{{image}}}","predictor":"odahu-ml-server"}}""");
        Assert.Null(await LineAsync(lines));

        // The new one has a log of its own, which is the one that is shown; that of the old one is still there.
        await Eventually.True(async () => await ReadAsync(client, "m", "") is var (newest, newer) && newest != first && newer == "m 2.0 serves\n", "the log of the new replica");
        Assert.Equal((first, "m 1.0 serves\none\nzwei, drü\n"), await ReadAsync(client, "m", $"?replica={first}"));
        Assert.Equal((first, "m 1.0 serves\none\nzwei, drü\n"), await ReadAsync(client, "m", $"?replica={first}&follow=1"));

        Assert.StartsWith(
            "deployment \"m\" has no log of a replica \"../m\"; it has those of ", await MessageAsync(client, "m/log?replica=../m", HttpStatusCode.NotFound), StringComparison.Ordinal);
        Assert.Equal("Convert maybe to bool", await MessageAsync(client, "m/log?follow=maybe", HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Log_ThatIsNotThere_Is404()
    {
        await using var server = await ServingServer.StartAsync();
        await server.PostAsync("model/deployment", """{"id":"m","spec":{"image":"nobody:1","predictor":"odahu-ml-server"}}""");
        using var client = server.Server.Admin();
        Assert.Equal("entity \"none\" is not found", await MessageAsync(client, "none/log", HttpStatusCode.NotFound));
        Assert.Equal("deployment \"m\" has no log: no replica of it has been started yet", await MessageAsync(client, "m/log?replica=m-1", HttpStatusCode.NotFound));
    }

    private static async Task<(string Replica, string Text)> ReadAsync(HttpClient client, string deployment, string query)
    {
        using var answer = await client.GetAsync(new Uri($"/api/v1/model/deployment/{deployment}/log{query}", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (answer.Headers.GetValues("Replica").Single(), await answer.Content.ReadAsStringAsync(Token));
    }

    private static Task<string?> LineAsync(StreamReader lines) => lines.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Token);

    private static async Task<string> MessageAsync(HttpClient client, string path, HttpStatusCode status) =>
        (string)(await client.GetJsonAsync($"/api/v1/model/deployment/{path}", status))["message"]!;
}

using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Tests.Rest;

/// <summary>A server that is asked by https may name an address of a model that is not.</summary>
public sealed class TokenInClearTests : IDisposable
{
    private static readonly Uri Model = new("http://models.example.org/model/wine/api/model/info");

    private readonly CliTest cli = new();

    public void Dispose() => cli.Dispose();

    [Fact]
    public async Task Ask_InClearWithAToken_SendsNothing()
    {
        cli.Variables["ODIN_TOKEN"] = "t";
        using var client = Create("https://odin.example.org/");
        var refused = await Assert.ThrowsAsync<CliException>(() => client.AskAsync(HttpMethod.Get, Model, null, [], CancellationToken.None));
        Assert.Equal((ExitCode.Failure, "the server says that this is at http://models.example.org, where your token would go in clear, so it is not sent"), (refused.ExitCode, refused.Message));
        Assert.Contains("deployment.edge_url", refused.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_InClearOfAServerThatIs_GoesOn()
    {
        await using var server = new ReplayServer().On("GET /x", "{}");
        cli.Variables["ODIN_TOKEN"] = "t";
        using var client = Create("http://127.0.0.1:1/");
        Assert.True((await client.AskAsync(HttpMethod.Get, new Uri($"{server.Url}/x"), null, [], CancellationToken.None)).Answer.IsSuccess);
    }

    [Fact]
    public async Task Ask_InClearWithoutAToken_GoesOn()
    {
        await using var server = new ReplayServer().On("GET /x", "{}");
        using var client = Create("https://odin.example.org/");
        Assert.True((await client.AskAsync(HttpMethod.Get, new Uri($"{server.Url}/x"), null, [], CancellationToken.None)).Answer.IsSuccess);
        Assert.Null(Assert.Single(server.Requests).Authorization);
    }

    private OdinClient Create(string url) => OdinClient.Create(cli.Environment(TextWriter.Null, TextWriter.Null), new Connection(new Uri(url), "a test", null, null), new ConnectionFlags());
}

using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Server.Tests.Lifecycle;

/// <summary>Names in bodies that nobody knows: a warning for the inherited clients, an error for those who ask for it.</summary>
public sealed class UnknownFieldTests(ServerFixture fixture) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly LifecycleClient client = new(fixture.Server);
    private readonly string id = $"u-{Guid.NewGuid():n}"[..12];

    public void Dispose() => client.Dispose();

    [Fact]
    public async Task Unknown_ByDefault_IsTakenWithAWarning()
    {
        using var http = fixture.Server.Admin();
        using var content = new StringContent(Body("passwrd"), Encoding.UTF8);
        using var answer = await http.PostAsync(new Uri("/api/v1/connection", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(["299 - \"unknown field spec.passwrd: did you mean password?\""], answer.Headers.GetValues("Warning"));
    }

    [Theory]
    [InlineData("password")]
    [InlineData("PassWord")]
    [InlineData("_remark")]
    public async Task Known_InAnyCase_IsNoMatter(string name)
    {
        using var http = fixture.Server.Admin();
        using var content = new StringContent(Body(name), Encoding.UTF8);
        using var answer = await http.PostAsync(new Uri("/api/v1/connection?fieldValidation=Strict", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Warning"));
    }

    [Fact]
    public async Task Unknown_WhenStrict_IsRefusedWithAllElseThatIsWrong()
    {
        var answer = await client.ExpectAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "model/training?fieldValidation=Strict", """
            {"id":"t","metadata":{},"spec":{"model":{"name":"m","versoin":"1"},"data":[{"conection":"x","localPath":"y"}]}}
            """);
        Assert.Equal(
            "unknown field metadata: known are id, spec; unknown field spec.model.versoin: did you mean version?; unknown field spec.data[0].conection: did you mean connection?; "
            + "Validation of model training is failed: empty model.version; both VCS and ObjectStorage names are empty; you should specify connection name for 0 number of data binding; empty toolchain parameter",
            (string?)answer["message"]);
    }

    [Theory]
    [InlineData("connection")]
    [InlineData("toolchain/integration")]
    [InlineData("packaging/integration")]
    public async Task Shown_CanBeSentBack_WhenStrict(string path)
    {
        foreach (var shown in (JsonArray)await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, path))
            await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Put, $"{path}?fieldValidation=Strict", shown!.ToJsonString());
    }

    private string Body(string name) => new JsonObject { ["id"] = id, ["kind"] = "Connection", ["spec"] = new JsonObject { ["type"] = "git", ["uri"] = "https://127.0.0.1:1/x.git", ["publicKey"] = "YQ==", [name] = "YQ==" } }.ToJsonString();
}

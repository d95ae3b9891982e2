using System.Net;
using System.Text;
using System.Text.Json.Nodes;

[assembly: AssemblyFixture(typeof(MotoServer))]
[assembly: AssemblyFixture(typeof(AzuriteServer))]

namespace Odin.Server.Tests.Lifecycle;

/// <summary>Connections of every type are tried against real servers, with what is right and with what is wrong.</summary>
public sealed class ConnectionTestTests(ServerFixture fixture, MotoServer moto, AzuriteServer azurite, RegistryServer registry) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly LifecycleClient client = new(fixture.Server);
    private readonly TemporaryDirectory directory = new();

    public void Dispose()
    {
        client.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task S3()
    {
        await moto.StartAsync();
        var bucket = await moto.CreateBucketAsync();
        await WorksAsync(new JsonObject { ["type"] = "s3", ["uri"] = $"{moto.Endpoint}/{bucket}/path", ["region"] = "us-east-1", ["keyID"] = Base64("key"), ["keySecret"] = Base64("s3cret") }, "can be read; there is nothing at 'path' yet");
        await FailsAsync(new JsonObject { ["type"] = "s3", ["uri"] = $"{moto.Endpoint}/no-such-bucket", ["region"] = "us-east-1", ["keyID"] = Base64("key"), ["keySecret"] = Base64("s3cret") }, "no-such-bucket");
        await FailsAsync(new JsonObject { ["type"] = "s3", ["uri"] = $"http://127.0.0.1:{FreePort.Find()}/bucket", ["region"] = "us-east-1", ["keyID"] = Base64("key"), ["keySecret"] = Base64("s3cret") }, "127.0.0.1");
    }

    [Fact]
    public async Task Azure()
    {
        await azurite.StartAsync();
        var container = await azurite.CreateContainerAsync();
        await WorksAsync(new JsonObject { ["type"] = "azureblob", ["uri"] = $"azurite/{container}", ["keySecret"] = Base64(azurite.SasUrl) }, "can be read");
        await FailsAsync(new JsonObject { ["type"] = "azureblob", ["uri"] = "azurite/no-such-container", ["keySecret"] = Base64(azurite.SasUrl) }, "no-such-container");
        await FailsAsync(new JsonObject { ["type"] = "azureblob", ["uri"] = $"azurite/{container}", ["keySecret"] = Base64(azurite.SasUrl.Replace("sig=", "sig=s3cret", StringComparison.Ordinal)) }, container);
    }

    [Fact]
    public async Task Google()
    {
        using var fake = new FakeGcsServer();
        await WorksAsync(new JsonObject { ["type"] = "gcs", ["uri"] = $"{fake.Endpoint}/{FakeGcsServer.Bucket}", ["region"] = "project", ["keySecret"] = Base64(fake.ServiceAccountJson) }, "can be read");
        await FailsAsync(new JsonObject { ["type"] = "gcs", ["uri"] = $"{fake.Endpoint}/{FakeGcsServer.Bucket}", ["region"] = "project", ["keySecret"] = Base64(fake.StrangerJson) }, FakeGcsServer.Email);
    }

    [Fact]
    public async Task Docker()
    {
        await registry.StartAsync();
        await WorksAsync(new JsonObject { ["type"] = "docker", ["uri"] = $"{registry.Host}/models", ["username"] = RegistryServer.UserName, ["password"] = Base64(RegistryServer.Password) }, "lets us in");
        await FailsAsync(new JsonObject { ["type"] = "docker", ["uri"] = $"{registry.Host}/models", ["username"] = RegistryServer.UserName, ["password"] = Base64("s3cret") }, registry.Host);
        await FailsAsync(new JsonObject { ["type"] = "docker", ["uri"] = $"127.0.0.1:{FreePort.Find()}/models", ["username"] = "x", ["password"] = Base64("s3cret") }, "127.0.0.1");
    }

    [Fact]
    public async Task Docker_OfTheServersOwnRegistry()
    {
        var host = fixture.Server.Url.Authority;
        await WorksAsync(new JsonObject { ["type"] = "docker", ["uri"] = $"{host}/models", ["username"] = "admin", ["password"] = Base64(TestServer.Password) }, "lets us in");
        await FailsAsync(new JsonObject { ["type"] = "docker", ["uri"] = $"{host}/models", ["username"] = "admin", ["password"] = Base64("s3cret") }, host);
    }

    [Fact]
    public async Task Git()
    {
        await TestProgram.RunAsync("git", ["init", "--quiet", "-b", "main", directory["source"]]);
        await WorksAsync(new JsonObject { ["type"] = "git", ["uri"] = directory["source"] }, "it is empty");
        await TestProgram.RunAsync("git", ["-C", directory["source"], "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "--allow-empty", "-m", "x"]);
        await WorksAsync(new JsonObject { ["type"] = "git", ["uri"] = directory["source"], ["reference"] = "main" }, "can be read");
        await FailsAsync(new JsonObject { ["type"] = "git", ["uri"] = directory["source"], ["reference"] = "nowhere" }, "has no 'nowhere'");
        await FailsAsync(new JsonObject { ["type"] = "git", ["uri"] = directory["nothing"] }, "cannot be read");
    }

    [Fact]
    public async Task Local()
    {
        await WorksAsync(new JsonObject { ["type"] = "local", ["uri"] = directory.Path }, "can be read");
        await FailsAsync(new JsonObject { ["type"] = "local", ["uri"] = directory["nothing"] }, "nothing");
    }

    [Fact]
    public async Task OfNone_Is404() => await client.ExpectAsync(HttpStatusCode.NotFound, HttpMethod.Post, "connection/nobody/test", "{}");

    [Fact]
    public async Task Rotate_SealsAll_AndTheSecretsStayWhatTheyAre()
    {
        var id = await CreateAsync(new JsonObject { ["type"] = "s3", ["uri"] = "s3://a/b", ["region"] = "r", ["keyID"] = Base64("key"), ["keySecret"] = Base64("s3cret") });
        var answer = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Post, "connection/rotate", "{}");
        Assert.True((int)answer["sealed"]! > 0);
        var revealed = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Get, $"connection/{id}/decrypted");
        Assert.Equal(Base64("s3cret"), (string?)revealed["spec"]!["keySecret"]);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private async Task<string> CreateAsync(JsonObject spec)
    {
        var id = $"c-{Guid.NewGuid():n}"[..14];
        await client.ExpectAsync(HttpStatusCode.Created, HttpMethod.Post, "connection", new JsonObject { ["id"] = id, ["spec"] = spec }.ToJsonString());
        return id;
    }

    private async Task<(bool Works, string Message)> TestAsync(JsonObject spec)
    {
        var finding = await client.ExpectAsync(HttpStatusCode.OK, HttpMethod.Post, $"connection/{await CreateAsync(spec)}/test", "{}");
        var message = (string)finding["message"]!;
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
        return ((bool)finding["works"]!, message);
    }

    private async Task WorksAsync(JsonObject spec, string message)
    {
        var (works, said) = await TestAsync(spec);
        Assert.True(works, said);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    private async Task FailsAsync(JsonObject spec, string message)
    {
        var (works, said) = await TestAsync(spec);
        Assert.False(works, said);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }
}

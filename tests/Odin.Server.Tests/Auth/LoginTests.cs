using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Odin.Resources;
using Odin.Server.Auth;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Tests.Auth;

public sealed class LoginTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly TestServer server = fixture.Server;

    [Fact]
    public async Task Login_FormAndJson_GiveATokenThatWorks()
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = "admin", ["password"] = TestServer.Password, ["grant_type"] = "password" });
        using var response = await server.Client.PostAsync("/v1/auth", form);
        var byForm = await response.ExpectAsync(HttpStatusCode.OK);
        var byJson = await server.Client.PostJsonAsync("/v1/auth", $$"""{"username":"admin","password":"{{TestServer.Password}}"}""");

        foreach (var answer in new[] { byForm, byJson })
        {
            Assert.Equal(["message"], answer.Keys());
            using var client = server.With((string)answer["message"]!);
            await client.PostJsonAsync("/v1/pipelines", """{"pipeline":{"job":"none"}}""", HttpStatusCode.NotFound);
        }
    }

    [Theory]
    [InlineData("""{"username":"admin","password":"wrong"}""", HttpStatusCode.Unauthorized)]
    [InlineData("""{"username":"nobody","password":"wrong"}""", HttpStatusCode.Unauthorized)]
    [InlineData("""{"username":"../x","password":"wrong"}""", HttpStatusCode.Unauthorized)]
    [InlineData("""{"username":"admin"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"username":5,"password":"wrong"}""", HttpStatusCode.UnprocessableEntity)]
    [InlineData("""{"username":"admin","username":"x","password":"wrong"}""", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("{", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    public async Task Login_Wrong_IsJsonWithoutAMessage(string body, HttpStatusCode expected)
    {
        var answer = await server.Client.PostJsonAsync("/v1/auth", body, expected);
        Assert.False(answer.AsObject().ContainsKey("message"));
        Assert.Equal((int)expected, (int)answer["status"]!);
    }

    [Fact]
    public async Task Login_TooManyFailures_Is429WithRetryAfterAndForgivesLater()
    {
        var time = new ManualTime(TimeProvider.System.GetUtcNow());
        await using var slow = await TestServer.StartAsync(replace: s => s.AddSingleton(new LoginThrottle(time)));
        for (var i = 0; i < LoginThrottle.FreeFailuresOfUser; i++)
            await slow.Client.PostJsonAsync("/v1/auth", """{"username":"admin","password":"wrong"}""", HttpStatusCode.Unauthorized);

        var right = $$"""{"username":"admin","password":"{{TestServer.Password}}"}""";
        using var response = await slow.Client.PostAsync("/v1/auth", new StringContent(right, System.Text.Encoding.UTF8, "application/json"));
        await response.ExpectAsync(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        time.Advance(TimeSpan.FromSeconds(1));
        await slow.Client.PostJsonAsync("/v1/auth", right);
    }

    [Fact]
    public async Task Login_WithAnInheritedHash_WorksAndIsHashedAgain()
    {
        Assert.SkipUnless(Bcrypt.IsAvailable, "This machine has no libcrypt.");
        var user = new User(new ResourceMetadata { Id = "root" }, new UserSpec("$2b$12$abcdefghijklmnopqrstuuFOFSH870MQvIf.fOcmNgpTyGPWKBioK", null, null));
        await server.Store.CreateAsync(user, TimeProvider.System, CancellationToken.None);

        await server.Client.PostJsonAsync("/v1/auth", """{"username":"root","password":"rootpw"}""");
        var hash = (await server.Store.FindAsync<User>("root", CancellationToken.None))!.Spec.PasswordHash;
        Assert.StartsWith("pbkdf2-sha256$", hash, StringComparison.Ordinal);
        await server.Client.PostJsonAsync("/v1/auth", """{"username":"root","password":"rootpw"}""");
    }

    [Fact]
    public async Task Start_WithoutAPassword_MakesOneAndKeepsItForTheOwner()
    {
        await using var fresh = await TestServer.StartAsync(o => o with { AdminPassword = null });
        var file = Path.Combine(fresh.Data, AdminAccount.FileName);
        var password = (await File.ReadAllTextAsync(file)).TrimEnd('\n');
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.True(await new StockClient(fresh).LogInAsync("admin", password));
    }
}

using System.Net;
using System.Text.Json.Nodes;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Tests.Users;

public sealed class UserTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly TestServer server = fixture.Server;

    [Fact]
    public async Task Users_FromCreationToDeletion_AnswerAsTheInheritedServer()
    {
        using var admin = server.Admin();
        const string body = """{"user":{"username":"ada","password":"first","firstname":"Ada","lastname":"L"}}""";
        var created = await admin.PostJsonAsync("/v1/users", body);
        Assert.Equal("""{"user":{"username":"ada","password":null,"firstname":"Ada","lastname":"L"}}""", created.ToJsonString());

        var again = await admin.PostJsonAsync("/v1/users", body, HttpStatusCode.Conflict);
        Assert.Equal(409, (int)again["status"]!);

        // The path wins over the name in the body, and empty members keep the old value.
        var changed = await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/ada", """{"username":"eve","password":"second","firstname":"","lastname":"Lovelace"}""");
        Assert.Equal("""{"user":{"username":"ada","password":null,"firstname":"Ada","lastname":"Lovelace"}}""", changed.ToJsonString());
        Assert.False(await new StockClient(server).LogInAsync("ada", "first"));
        Assert.True(await new StockClient(server).LogInAsync("ada", "second"));

        Assert.Equal("ada", (string)(await server.Client.GetJsonAsync("/v1/users?q=AD"))["users"]!.AsArray().Single(u => (string)u!["username"]! == "ada")!["username"]!);
        await admin.SendJsonAsync(HttpMethod.Delete, "/v1/users/ada", null);
        await server.Client.GetJsonAsync("/v1/users/ada", HttpStatusCode.NotFound);
        await admin.SendJsonAsync(HttpMethod.Delete, "/v1/users/ada", null, HttpStatusCode.NotFound);
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/ada", "{}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Users_TwoWithTheSameNames_CanExist()
    {
        var client = new StockClient(server);
        Assert.True(await client.LogInAsync("admin", TestServer.Password));
        Assert.Equal("Created new user", await client.UserAsync("david1", "p"));
        Assert.Equal("Created new user", await client.UserAsync("david2", "p"));
        Assert.Equal("Found existing user", await client.UserAsync("david2", "q"));
    }

    [Theory]
    [InlineData("""{"user":{"username":"a/b","password":"p"}}""")]
    [InlineData("""{"user":{"username":"","password":"p"}}""")]
    [InlineData("""{"user":{"username":"..","password":"p"}}""")]
    [InlineData("""{"user":{"username":"x"}}""")]
    [InlineData("""{"user":{"username":"x","password":""}}""")]
    [InlineData("""{"user":{"username":"x","password":{}}}""")]
    [InlineData("""{"user":"x"}""")]
    public async Task Create_AWrongBody_Is422WithTheMember(string body)
    {
        using var admin = server.Admin();
        var problem = await admin.PostJsonAsync("/v1/users", body, HttpStatusCode.UnprocessableEntity);
        Assert.NotNull(Assert.Single(problem["errors"]!.AsArray())!["location"]);
    }

    [Fact]
    public async Task Delete_TheLastUser_Is409()
    {
        await using var lonely = await TestServer.StartAsync();
        using var admin = lonely.Admin();
        await admin.SendJsonAsync(HttpMethod.Delete, "/v1/users/admin", null, HttpStatusCode.Conflict);
    }

    /// <summary>A user who may do less is none who could give the others their rights back.</summary>
    [Fact]
    public async Task LastAdmin_CanBeNeitherDeletedNorDemoted()
    {
        await using var lonely = await TestServer.StartAsync(o => o with { Roles = new Odin.Server.Auth.RoleOptions { Admin = "boss" } });
        using var admin = lonely.Admin();
        await admin.PostJsonAsync("/v1/users", """{"user":{"username":"ada","password":"p","roles":["odahu_viewer"]}}""");
        var problem = await admin.SendJsonAsync(HttpMethod.Delete, "/v1/users/admin", null, HttpStatusCode.Conflict);
        Assert.StartsWith("'admin' is the only user who may do everything", (string?)problem["detail"], StringComparison.Ordinal);
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/admin", """{"roles":["odahu_viewer"],"firstname":"A"}""", HttpStatusCode.Conflict);
        Assert.Null((string?)(await admin.GetJsonAsync("/v1/users/admin"))["user"]!["firstname"]);
        // To have the role is as good as to have none.
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/admin", """{"roles":["boss","x"]}""");
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/admin", """{"roles":["x"]}""", HttpStatusCode.Conflict);
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/ada", """{"roles":["boss"]}""");
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/admin", """{"roles":["odahu_viewer"]}""");
        using var ada = lonely.With(lonely.Token("ada"));
        await Eventually.True(async () => (await ada.GetAsync(new Uri("/v1/users", UriKind.Relative))).IsSuccessStatusCode, "ada may do everything");
        await ada.SendJsonAsync(HttpMethod.Delete, "/v1/users/ada", null, HttpStatusCode.Conflict);
        // Who may not do everything can go at any time.
        await ada.SendJsonAsync(HttpMethod.Delete, "/v1/users/admin", null);
        await ada.SendJsonAsync(HttpMethod.Delete, "/v1/users/ada", null, HttpStatusCode.Conflict);
    }

    /// <summary>Two admins, each demoting the other at the same time: one of them must stay.</summary>
    [Fact]
    public async Task Demotion_OfTheLastTwoAtOnce_LeavesOne()
    {
        var store = new InMemoryResourceStore();
        var accounts = new UserAccounts(store, new PasswordHasher(new PasswordOptions { Iterations = 10 }), TimeProvider.System, "boss");
        foreach (var name in new[] { "a", "b" })
            await accounts.CreateAsync(name, new UserChange("p", null, null) { Roles = ["boss"] }, CancellationToken.None);
        for (var round = 0; round < 40; round++)
        {
            var outcomes = await Task.WhenAll(new[] { "a", "b" }.Select(name => Task.Run(() => accounts.UpdateAsync(name, new UserChange(null, null, null) { Roles = ["less"] }, CancellationToken.None))));
            Assert.Single(outcomes, o => o is AccountOutcome.Done);
            Assert.Single(outcomes, o => o is AccountOutcome.OnlyAdmin);
            foreach (var name in new[] { "a", "b" })
                await accounts.UpdateAsync(name, new UserChange(null, null, null) { Roles = ["boss"] }, CancellationToken.None);
        }
    }

    /// <summary>Two users, each deleting the other at the same time: one of them must stay, or nobody can ever log in again.</summary>
    [Fact]
    public async Task Delete_TheLastTwoAtOnce_LeavesOne()
    {
        await using var lonely = await TestServer.StartAsync();
        var survivor = "admin";
        for (var round = 0; round < 40; round++)
        {
            var rival = $"rival{round}";
            using var one = lonely.With(lonely.Token(survivor));
            await one.PostJsonAsync("/v1/users", $$$"""{"user":{"username":"{{{rival}}}","password":"p"}}""");
            using var two = lonely.With(lonely.Token(rival));
            var answers = await Task.WhenAll(one.DeleteAsync(new Uri($"/v1/users/{rival}", UriKind.Relative)), two.DeleteAsync(new Uri($"/v1/users/{survivor}", UriKind.Relative)));
            // Who came too late has no account any more, or is the last one.
            Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
            Assert.Single(answers, a => a.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Conflict or HttpStatusCode.NotFound);
            foreach (var answer in answers)
                answer.Dispose();
            survivor = (string)Assert.Single((await lonely.Client.GetJsonAsync("/v1/users"))["users"]!.AsArray())!["username"]!;
        }
    }

    [Fact]
    public async Task Update_OfThePassword_EndsTheTokensThatWereThere()
    {
        using var admin = server.Admin();
        await admin.PostJsonAsync("/v1/users", """{"user":{"username":"grace","password":"first"}}""");
        var client = new StockClient(server);
        Assert.True(await client.LogInAsync("grace", "first"));
        using var stolen = server.With(client.Token);

        // Names are no secret: nothing ends.
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/grace", """{"firstname":"Grace"}""");
        await stolen.GetJsonAsync("/v1/users/grace");
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/users/grace", """{"password":"second"}""");
        await Eventually.True(
            async () => (await stolen.GetAsync(new Uri("/v1/users/grace", UriKind.Relative))).StatusCode == HttpStatusCode.Unauthorized,
            "the old token is refused");

        // A login in the very second of the change is good, again and again.
        for (var i = 0; i < 3; i++)
        {
            Assert.False(await client.LogInAsync("grace", "first"));
            Assert.True(await client.LogInAsync("grace", "second"));
            using var renewed = server.With(client.Token);
            await renewed.GetJsonAsync("/v1/users/grace");
        }
    }

    [Fact]
    public async Task Login_ThatReplacesAnOldHash_EndsNoToken()
    {
        var accounts = new UserAccounts(server.Store, new PasswordHasher(new PasswordOptions { Iterations = 500 }), TimeProvider.System, "odahu_admin");
        await accounts.CreateAsync("edsger", new UserChange("p", null, null), CancellationToken.None);
        var client = new StockClient(server);
        using var before = server.With(server.Token("edsger"));
        await before.GetJsonAsync("/v1/users/edsger");
        Assert.True(await client.LogInAsync("edsger", "p"));
        Assert.Contains("$1000$", (await server.Store.FindAsync<User>("edsger", CancellationToken.None))!.Spec.PasswordHash, StringComparison.Ordinal);
        await before.GetJsonAsync("/v1/users/edsger");
    }

    [Fact]
    public async Task Store_OfAUser_HoldsNoPassword()
    {
        var user = await server.Store.FindAsync<User>("admin", CancellationToken.None);
        Assert.DoesNotContain(TestServer.Password, user!.Spec.PasswordHash, StringComparison.Ordinal);
        Assert.DoesNotContain(user.Spec.PasswordHash, user.ToString(), StringComparison.Ordinal);
        Assert.Null((JsonNode?)(await server.Client.GetJsonAsync("/v1/users/admin"))["user"]!["password"]);
    }
}

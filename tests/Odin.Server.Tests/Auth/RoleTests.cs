using System.Net;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Odin.Deployments;
using Odin.Server.Auth;

namespace Odin.Server.Tests.Auth;

/// <summary>What users with roles may call, by the table and through the whole server.</summary>
public sealed class RoleTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Admin = "odahu_admin", Scientist = "odahu_data_scientist", Viewer = "odahu_viewer";

    private readonly TestServer server = fixture.Server;
    private readonly RolePolicy policy = new(new RoleOptions());
    private readonly string name = $"u{Guid.NewGuid():n}"[..10];

    public static TheoryData<string, string, bool, bool> Table { get; } = new()
    {
        { "GET", "/", true, true },
        { "GET", "/health", true, true },
        { "GET", "/swagger/data.json", true, true },
        { "GET", "/api/v1/model/deployment", true, true },
        { "POST", "/api/v1/model/deployment", true, false },
        { "DELETE", "/api/v1/model/deployment/wine", true, false },
        { "GET", "/api/v1/model/deployment-events", true, true },
        { "GET", "/api/v1/model/deployment/wine/default-route", true, true },
        { "PUT", "/api/v1/model/training", true, false },
        { "GET", "/api/v1/model/packaging/wine/log", true, true },
        { "POST", "/api/v1/model/packaging", true, false },
        { "GET", "/api/v1/model/route/wine", true, true },
        { "POST", "/api/v1/model/route", false, false },
        { "GET", "/api/v1/configuration", true, true },
        { "GET", "/api/v1/connection", true, true },
        { "GET", "/api/v1/connection/models-output", true, true },
        { "GET", "/api/v1/connection/models-output/decrypted", false, false },
        { "POST", "/api/v1/connection", false, false },
        { "POST", "/api/v1/connection/x/test", false, false },
        { "GET", "/api/v1/packaging/integration/docker-rest", true, true },
        { "PUT", "/api/v1/packaging/integration", false, false },
        { "GET", "/api/v1/toolchain/integration", true, true },
        { "GET", "/api/v1/user/info", true, true },
        { "GET", "/api/v1/artifact", true, true },
        { "GET", "/api/v1/artifact/wine-1.0.zip", true, true },
        { "GET", "/api/v1/artifact/content", true, true },
        { "GET", "/api/v1/artifact/wine-1.0.zip/content", true, false },
        { "GET", "/api/v1/artifact/wine-1.0.zip/Content/", true, false },
        { "GET", "/api/v1/artifact//wine-1.0.zip/content", true, false },
        { "DELETE", "/api/v1/artifact/wine-1.0.zip", true, false },
        { "POST", "/api/v1/batch/job", true, false },
        { "GET", "/api/v1/batch/service", true, true },
        { "POST", "/api/v1/feedback", true, false },
        { "GET", "/v1/feedback/join", true, false },
        { "GET", "/service-catalog/catalog/data.json", true, true },
        { "GET", "/v1/app", true, true },
        { "GET", "/v1/users", false, false },
        { "POST", "/v1/users", false, false },
        { "POST", "/v1/pipelines", false, false },
        { "GET", "/metrics", false, false },
        { "GET", "/API/V1/connection", false, false },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void MayCall_ByTheTable_AllowsEachWhatIsTheirs(string method, string path, bool scientist, bool viewer)
    {
        Assert.True(policy.MayCall(null, method, path));
        Assert.True(policy.MayCall(["x", Admin], method, path));
        Assert.Equal(scientist, policy.MayCall([Scientist], method, path));
        Assert.Equal(viewer, policy.MayCall([Viewer], method, path));
        Assert.Equal(scientist, policy.MayCall([Viewer, Scientist], method, path));
        Assert.Equal(path is "/" or "/health" or "/v1/app" || path.StartsWith("/swagger", StringComparison.Ordinal), policy.MayCall(["only-x"], method, path));
    }

    [Theory]
    [InlineData(Predictors.OdahuMlServer, "GET", "/healthcheck", "viewer", true)]
    [InlineData(Predictors.OdahuMlServer, "GET", "/api/model/info", "role", true)]
    [InlineData(Predictors.OdahuMlServer, "POST", "/api/model/invoke", "role", true)]
    [InlineData(Predictors.OdahuMlServer, "POST", "/v2/models/wine/infer", "role", true)]
    [InlineData(Predictors.OdahuMlServer, "POST", "/api/model/invoke", "scientist", true)]
    [InlineData(Predictors.OdahuMlServer, "POST", "/api/model/invoke", "admin", true)]
    [InlineData(Predictors.OdahuMlServer, "POST", "/api/model/invoke", "viewer", false)]
    [InlineData(Predictors.OdahuMlServer, "POST", "/api/model/invoke", "other", false)]
    [InlineData(Predictors.OdahuMlServer, "PUT", "/api/model/invoke", "role", false)]
    [InlineData(Predictors.OdahuMlServer, "POST", "/api/model/invoke/x", "role", false)]
    [InlineData(Predictors.Triton, "GET", "/v2/health/live", "viewer", true)]
    [InlineData(Predictors.Triton, "POST", "/v2/models/m_1/versions/3/infer", "role", true)]
    [InlineData(Predictors.Triton, "POST", "/v2/models/m_1/infer", "scientist", true)]
    [InlineData(Predictors.Triton, "POST", "/v2/repository/index", "role", false)]
    [InlineData(Predictors.Triton, "POST", "/v2/repository/index", "admin", true)]
    [InlineData(Predictors.Triton, "GET", "/v2/models/m", "viewer", false)]
    [InlineData(Predictors.Triton, "POST", "/api/model/invoke", "role", false)]
    public void ModelAccess_ByTheTable_AllowsEachWhatIsTheirs(string predictor, string method, string path, string who, bool isAllowed)
    {
        var access = new ModelAccess(policy);
        var model = new DeploymentSpec { Predictor = predictor, RoleName = "wine-readers" };
        var role = who switch { "role" => "wine-readers", "scientist" => Scientist, "admin" => Admin, "viewer" => Viewer, _ => "beer-readers" };
        Assert.Equal(isAllowed, access.MayCall(new CurrentUser("u") { Roles = [role] }, model, method, path));
        Assert.True(access.MayCall(new CurrentUser("u"), model, method, path));
        Assert.True(access.MayCall(null, model, method, path));
    }

    [Fact]
    public async Task Server_UserWithOnlyARoleOfAModel_MayCallNothingElse()
    {
        using var client = await UserAsync("\"roles\":[\"only-x\"]");
        foreach (var (method, path) in new[] { ("GET", "/api/v1/connection"), ("POST", "/api/v1/model/training"), ("GET", "/v1/pipelines"), ("GET", "/v1/users"), ("DELETE", "/v1/users/admin"), ("GET", "/api/v1/user/info") })
            await ForbiddenAsync(client, method, path);
        using var health = await client.GetAsync(new Uri("/health", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        // What `odin ping` asks.
        await client.GetJsonAsync("/v1/app");
        var access = server.Services.GetRequiredService<ModelAccess>();
        var user = new CurrentUser(name) { Roles = ["only-x"] };
        Assert.True(access.MayCall(user, new DeploymentSpec { Predictor = Predictors.OdahuMlServer, RoleName = "only-x" }, "POST", "/api/model/invoke"));
        Assert.False(access.MayCall(user, new DeploymentSpec { Predictor = Predictors.OdahuMlServer, RoleName = "role-wine" }, "POST", "/api/model/invoke"));
    }

    [Fact]
    public async Task Server_RolesChange_TheTokenFollows()
    {
        using var client = await UserAsync($"\"roles\":[\"{Viewer}\"]");
        Assert.Equal(name, (string?)(await client.GetJsonAsync("/api/v1/user/info"))["username"]);
        await client.GetJsonAsync("/api/v1/connection?type=git");
        await ForbiddenAsync(client, "GET", "/api/v1/connection/models-output/decrypted");
        await ForbiddenAsync(client, "POST", "/api/v1/model/deployment");

        using var admin = server.Admin();
        var changed = await admin.SendJsonAsync(HttpMethod.Put, $"/v1/users/{name}", $"{{\"roles\":[\"{Scientist}\"]}}");
        Assert.Equal([Scientist], changed["user"]!["roles"]!.AsArray().Select(r => (string?)r));
        await Eventually.True(
            async () =>
            {
                using var response = await client.PostAsync(new Uri("/api/v1/model/deployment", UriKind.Relative), new StringContent("{}"));
                return response.StatusCode == HttpStatusCode.BadRequest;
            },
            "the new role holds");
        await ForbiddenAsync(client, "POST", "/api/v1/model/route");

        await admin.SendJsonAsync(HttpMethod.Put, $"/v1/users/{name}", $"{{\"roles\":[\"{Admin}\"],\"firstname\":\"F\"}}");
        await Eventually.True(
            async () =>
            {
                using var response = await client.GetAsync(new Uri("/v1/users", UriKind.Relative));
                return response.StatusCode == HttpStatusCode.OK;
            },
            "the admin's role holds");
        var shown = await client.GetJsonAsync($"/v1/users/{name}");
        Assert.Equal($$$"""{"user":{"username":"{{{name}}}","password":null,"firstname":"F","lastname":null,"roles":["{{{Admin}}}"]}}""", shown.ToJsonString());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"odahu_admin\"")]
    [InlineData("[\"\"]")]
    [InlineData("[\"a b\"]")]
    [InlineData("[1]")]
    public async Task Create_RolesAreNone_Is422(string roles)
    {
        using var admin = server.Admin();
        var problem = await admin.PostJsonAsync("/v1/users", $$$"""{"user":{"username":"{{{name}}}","password":"p","roles":{{{roles}}}}}""", HttpStatusCode.UnprocessableEntity);
        Assert.Equal("user.roles", (string?)problem["errors"]![0]!["location"]);
    }

    [Fact]
    public async Task Sockets_AndRegistry_AskForRoles()
    {
        using var client = await UserAsync($"\"roles\":[\"{Viewer}\"]");
        using (var socket = await TestServer.ConnectAsync(server.LegacySocket))
        {
            var frames = await socket.AskAsync($$"""{"command":"PING","request":"","token":"{{server.Token(name)}}"}""");
            Assert.Equal(("ERROR", "Forbidden"), ((string?)frames[0]["status"], (string?)frames[0]["response"]));
        }
        await Assert.ThrowsAsync<WebSocketException>(() => TestServer.ConnectAsync(server.MainSocket, o => o.SetRequestHeader("Authorization", $"Bearer {server.Token(name)}")));
        // An image has the whole model in it, and so has an artifact.
        foreach (var path in new[] { "/v2/_catalog", "/v2/x/manifests/1", $"/v2/x/blobs/sha256:{new string('0', 64)}" })
        {
            using var pull = await client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal("DENIED", (string?)(await pull.ExpectAsync(HttpStatusCode.Forbidden))["errors"]![0]!["code"]);
        }
        await client.GetJsonAsync("/api/v1/artifact");
        await client.GetJsonAsync("/api/v1/artifact/none", HttpStatusCode.NotFound);
        await ForbiddenAsync(client, "GET", "/api/v1/artifact/none/content");
        await ForbiddenAsync(client, "GET", "/api/v1/artifact/none/CONTENT");
        using var admin = server.Admin();
        await admin.SendJsonAsync(HttpMethod.Put, $"/v1/users/{name}", $"{{\"roles\":[\"{Scientist}\"]}}");
        await Eventually.True(
            async () =>
            {
                using var response = await client.GetAsync(new Uri("/v2/_catalog", UriKind.Relative));
                return response.StatusCode == HttpStatusCode.OK;
            },
            "a data scientist sees images");
        await client.GetJsonAsync("/api/v1/artifact/none/content", HttpStatusCode.NotFound);
        await admin.SendJsonAsync(HttpMethod.Put, $"/v1/users/{name}", "{\"roles\":[\"only-x\"]}");
        await Eventually.True(
            async () =>
            {
                using var response = await client.GetAsync(new Uri("/v2/_catalog", UriKind.Relative));
                return response.StatusCode == HttpStatusCode.Forbidden;
            },
            "a role that means nothing here sees no images");
    }

    [Fact]
    public async Task Roles_OfOtherNames_AreThoseOfTheSettings()
    {
        await using var other = await TestServer.StartAsync(o => o with { Roles = new RoleOptions { Viewer = "looker" } });
        using var admin = other.Admin();
        await admin.PostJsonAsync("/v1/users", """{"user":{"username":"ada","password":"p","roles":["looker"]}}""");
        using var client = other.With(other.Token("ada"));
        Assert.Empty((await client.GetJsonAsync("/api/v1/model/training")).AsArray());
    }

    private static async Task ForbiddenAsync(HttpClient client, string method, string path)
    {
        using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal((HttpStatusCode.Forbidden, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    private async Task<HttpClient> UserAsync(string more)
    {
        using var admin = server.Admin();
        var created = await admin.PostJsonAsync("/v1/users", $$$"""{"user":{"username":"{{{name}}}","password":"p",{{{more}}}}}""");
        Assert.IsType<JsonArray>(created["user"]!["roles"]);
        return server.With(server.Token(name));
    }
}

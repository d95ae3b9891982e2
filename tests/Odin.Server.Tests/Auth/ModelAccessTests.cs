using System.Net;
using System.Text;
using Odin.Deployments;
using Odin.Server.Tests.Deployments;
using Odin.Server.Tests.ServiceCatalog;

namespace Odin.Server.Tests.Auth;

/// <summary>Who may call a model, through the gateway and to a real model server.</summary>
public sealed class ModelAccessTests(UnservedServer fixture) : IClassFixture<UnservedServer>
{
    private const string Rows = """{"columns":["a"],"data":[[1]]}""";

    private TestServer Server => fixture.Server;

    [Fact]
    public async Task Gateway_UserWithTheRoleOfOneModel_MayCallThatAndNothingElse()
    {
        await using var predictor = new RealPredictor("tiny", "1");
        using var admin = Server.Admin();
        foreach (var (id, role) in new[] { ("mine", "mine-readers"), ("other", "other-readers") })
        {
            await admin.PostJsonAsync("/api/v1/model/deployment", $$$"""{"id":"{{{id}}}","spec":{"image":"i","predictor":"odahu-ml-server","roleName":"{{{role}}}"}}""", HttpStatusCode.Created);
            await ServedModels.SetStatusAsync(Server, id, new DeploymentStatus
            {
                State = DeploymentState.Ready,
                Revision = new DeploymentRevision("r", "sha256:0"),
                Replicas = [new Replica(id, "r", predictor.Endpoint, ReplicaState.Ready, DateTimeOffset.UnixEpoch)],
            });
        }
        await Eventually.True(async () => await AskAsync(admin, "/model/mine/api/model/invoke") is (HttpStatusCode.OK, _), "the model answers");

        using var reader = await UserAsync(admin, "reader", "mine-readers");
        Assert.Equal((HttpStatusCode.OK, """{"prediction":[[2]],"columns":["sum"]}"""), await AskAsync(reader, "/model/mine/api/model/invoke"));
        Assert.Equal((HttpStatusCode.Forbidden, ""), await AskAsync(reader, "/model/other/api/model/invoke"));
        Assert.Equal((HttpStatusCode.Forbidden, ""), await AskAsync(reader, "/model/mine/api/model/elsewhere"));
        Assert.Equal((HttpStatusCode.Forbidden, ""), await AskAsync(reader, "/api/v1/model/deployment"));
        Assert.Equal((HttpStatusCode.NotFound, ""), await AskAsync(reader, "/model/none/api/model/invoke"));

        using var viewer = await UserAsync(admin, "viewer", "odahu_viewer");
        Assert.Equal((HttpStatusCode.Forbidden, ""), await AskAsync(viewer, "/model/mine/api/model/invoke"));
        using var scientist = await UserAsync(admin, "scientist", "odahu_data_scientist");
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(scientist, "/model/other/api/model/invoke")).Status);
        using var stranger = Server.With("x");
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(stranger, "/model/mine/api/model/invoke")).Status);
    }

    private async Task<HttpClient> UserAsync(HttpClient admin, string name, string role)
    {
        await admin.PostJsonAsync("/v1/users", $$$"""{"user":{"username":"{{{name}}}","password":"p","roles":["{{{role}}}"]}}""");
        return Server.With(Server.Token(name));
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpClient client, string path)
    {
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(Rows, Encoding.UTF8, "application/json"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}

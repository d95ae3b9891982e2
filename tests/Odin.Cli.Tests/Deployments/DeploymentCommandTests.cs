using System.Text;

namespace Odin.Cli.Tests.Deployments;

/// <summary><c>odin deployment</c> and <c>odin route</c>, and both in <c>odin apply</c>, against a server that answers as the specification says.</summary>
public sealed class DeploymentCommandTests : IAsyncDisposable
{
    private const string Routes = """
        [{"id":"wine-x","default":true,"spec":{"urlPrefix":"/model/wine","modelDeployments":[{"mdName":"wine","weight":100}]},"status":{"state":"Ready","edgeUrl":""}},
         {"id":"ab","default":false,"spec":{"urlPrefix":"/custom/ab","modelDeployments":[{"mdName":"wine","weight":90},{"mdName":"wine-2","weight":10}]},"status":{"state":"Ready","edgeUrl":""}}]
        """;

    private readonly CliTest cli = new();
    private readonly ReplayServer server = new();
    private readonly string file;

    public DeploymentCommandTests()
    {
        cli.Variables["ODIN_URL"] = server.Url;
        cli.Variables["ODIN_TOKEN"] = "t";
        file = cli.File("d.yaml", "kind: ModelDeployment\nid: wine\nspec: {image: 'wine:1.0', minReplicas: 1}\n");
        server.On("POST /api/v1/model/deployment", Deployment("", 0), 201).On("PUT /api/v1/model/deployment", Deployment("", 0));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        cli.Dispose();
    }

    [Theory]
    [InlineData("create", "created")]
    [InlineData("edit", "replaced")]
    public async Task Deployment_IsWaitedForUntilItsReplicasAreThere(string command, string done)
    {
        Replay("deployment", Deployment("Processing", 0, "\"message\":\"pulling\","), Deployment("Processing", 0, "\"message\":\"pulling\","), Deployment("Ready", 0), Deployment("Ready", 1, "\"modelName\":\"wine\",\"modelVersion\":\"1.0\","));
        Assert.Equal(
            new CliResult(0, $"The deployment 'wine' was {done}.\nThe deployment 'wine' is ready: 1 replica of wine 1.0. `odin model info --md wine` shows what it takes.\n", "The deployment waits: pulling\n"),
            await cli.RunAsync("deployment", command, "-f", file));
        Assert.Contains("\"image\":\"wine:1.0\"", server.Requests.First().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployment_NotWaitedFor_ReturnsAtOnce()
    {
        Assert.Equal(new CliResult(0, "The deployment 'wine' was created.\n", ""), await cli.RunAsync("deployment", "create", "-f", file, "--no-wait"));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Deployment_ThatFails_SaysWhy()
    {
        Replay("deployment", Deployment("Failed", 0, "\"reason\":\"ImagePullFailed\",\"message\":\"there is no image 'wine:1.0'\","));
        var result = await cli.RunAsync("deployment", "create", "-f", file, "--wait");
        Assert.Equal(
            (1, "error: the deployment 'wine' failed: there is no image 'wine:1.0'\nCorrect it with `odin deployment edit -f FILE`; `odin deployment get wine` shows it.\n"), (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task Deployment_ThatTakesTooLong_IsSaid()
    {
        Replay("deployment", Deployment("Processing", 0, "\"message\":\"pulling\","));
        var result = await cli.RunAsync("deployment", "create", "-f", file, "--timeout", "1");
        Assert.Equal(
            (1, "The deployment waits: pulling\nerror: the deployment 'wine' is not ready after 1 s: pulling\nThe server goes on with it: `odin deployment get wine` shows how far it is.\n"), (result.ExitCode, result.Error));
    }

    [Theory]
    [InlineData("--timeout 0", "'0' is no number of seconds: --timeout takes a whole number above 0.")]
    [InlineData("--wait --no-wait", "--wait and --no-wait do not go together")]
    public async Task Mistake_IsSaidBeforeAnythingIsSent(string options, string message)
    {
        var result = await cli.RunAsync(["deployment", "create", "-f", file, .. options.Split(' ')]);
        Assert.Equal(ExitCode.Usage, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Deployment_IsDeletedWhenItIsGone()
    {
        server.On("DELETE /api/v1/model/deployment/wine", """{"message":"Model deployment wine was deleted"}""");
        var looks = 0;
        server.On("GET /api/v1/model/deployment/wine", _ => ++looks < 3 ? new ReplayAnswer(200, Deployment("Deleting", 1)) : new ReplayAnswer(404, """{"message":"entity \"wine\" is not found"}"""));
        Assert.Equal(new CliResult(0, "Model deployment wine was deleted\n", ""), await cli.RunAsync("deployment", "delete", "wine"));
        Assert.Equal(3, looks);
        Assert.Equal(new CliResult(0, "Model deployment wine was deleted\n", ""), await cli.RunAsync("deployment", "delete", "wine", "--no-wait"));
        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Get_ShowsATable_AndCompletesIds()
    {
        server.On("GET /api/v1/model/deployment", $"[{Deployment("Ready", 2, "\"modelName\":\"wine\",\"modelVersion\":\"1.0\",")}]");
        Assert.Matches(@"\nwine +\| wine:1\.0 +\| Ready +\| +\| 2 +\| wine +\| 1\.0 +\|", (await cli.RunAsync("deployment", "get")).Out);
        Assert.Equal("wine\n", (await cli.RunAsync("[suggest:22]", "odin deployment get wi")).Out);
        Assert.Equal("wine\n", (await cli.RunAsync("[suggest:23]", "odin model info --md wi")).Out);
    }

    [Fact]
    public async Task Get_ShowsReasons_AndWhereRoutesLead()
    {
        server.On("GET /api/v1/model/deployment", $"[{Deployment("Failed", 0, "\"reason\":\"ImagePullFailed\",")}]").On("GET /api/v1/model/route", Routes);
        Assert.Matches(@"\nwine +\| wine:1\.0 +\| Failed +\| ImagePullFailed +\| 0 ", (await cli.RunAsync("deployment", "get")).Out);
        Assert.Matches(@"^id +\| prefix +\| targets +\|.*\n.*\nwine-x +\| /model/wine +\| wine 100 +\| true .*\nab +\| /custom/ab +\| wine 90, wine-2 10 +\| false ", (await cli.RunAsync("route", "get")).Out);
    }

    [Fact]
    public async Task Deployment_ThatRoutesLeadTo_IsDeletedWithARemark()
    {
        server.On("DELETE /api/v1/model/deployment/wine", """{"message":"Model deployment wine was deleted"}""").On("GET /api/v1/model/route", Routes);
        Assert.Equal(
            new CliResult(0, "Model deployment wine was deleted\n", "The route 'ab' leads to the deployment 'wine': its requests to it fail now. `odin route edit -f FILE` leads it elsewhere.\n"),
            await cli.RunAsync("deployment", "delete", "wine", "--no-wait"));
        server.On("DELETE /api/v1/model/deployment/wine-3", """{"message":"Model deployment wine-3 was deleted"}""");
        Assert.Equal(new CliResult(0, "Model deployment wine-3 was deleted\n", ""), await cli.RunAsync("deployment", "delete", "wine-3", "--no-wait"));
        server.On("GET /api/v1/model/route", "", 503);
        Assert.Equal(new CliResult(0, "Model deployment wine was deleted\n", ""), await cli.RunAsync("deployment", "delete", "wine", "--no-wait"));
    }

    [Fact]
    public async Task Route_ThatGoesWithItsDeployment_IsSaidToDoSo()
    {
        const string Refusal = """{"message":"access forbidden: unable to delete default route with ID \"wine-x\""}""";
        server.On("DELETE /api/v1/model/route/wine-x", Refusal, 403)
            .On("PUT /api/v1/model/route", Refusal, 403)
            .On("GET /api/v1/model/route/wine-x", """{"id":"wine-x","default":true,"spec":{"urlPrefix":"/model/wine","modelDeployments":[{"mdName":"wine","weight":100}]},"status":{}}""");
        var expected = new CliResult(
            ExitCode.Unauthorised, "",
            "error: the route 'wine-x' is the default one of the deployment 'wine': it stays as it is, and goes with the deployment\n`odin deployment delete wine` deletes both; `odin route create -f FILE` makes a route of your own.\n");
        Assert.Equal(expected, await cli.RunAsync("route", "delete", "wine-x"));
        Assert.Equal(expected, await cli.RunAsync("route", "edit", "-f", cli.File("r.yaml", "kind: ModelRoute\nid: wine-x\nspec: {urlPrefix: /model/wine, modelDeployments: [{mdName: wine}]}\n")));
        server.On("DELETE /api/v1/model/route/ab", """{"message":"access forbidden"}""", 403);
        Assert.Contains("log in as another user", (await cli.RunAsync("route", "delete", "ab")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_AreThoseOfAReplica()
    {
        server.OnStream("GET /api/v1/model/deployment/wine/log", async context =>
        {
            context.Response.Headers["Replica"] = "r-1";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes($"{context.Request.Url!.Query}\n"));
            context.Response.Close();
        });
        Assert.Equal(new CliResult(0, "?follow=false\n", "The log of the replica r-1:\n"), await cli.RunAsync("deployment", "logs", "wine"));
        Assert.Equal("?follow=true&replica=r-1\n", (await cli.RunAsync("deployment", "logs", "wine", "--follow", "--replica", "r-1")).Out);
        server.On("GET /api/v1/model/deployment/none/log", """{"message":"entity \"none\" is not found"}""", 404);
        Assert.Equal(new CliResult(ExitCode.NotFound, "", "error: entity \"none\" is not found\n`odin deployment get` shows those that there are.\n"), await cli.RunAsync("deployment", "logs", "none"));
    }

    [Fact]
    public async Task Route_IsWaitedFor()
    {
        server.On("POST /api/v1/model/route", """{"id":"ab","spec":{},"status":{"state":"","edgeUrl":""}}""", 201);
        Replay("route", """{"id":"wine","spec":{},"status":{"state":"","edgeUrl":""}}""", """{"id":"wine","spec":{},"status":{"state":"Ready","edgeUrl":"http://h/custom/ab"}}""");
        var route = cli.File("r.yaml", "kind: ModelRoute\nid: wine\nspec: {urlPrefix: /custom/ab, modelDeployments: [{mdName: wine}]}\n");
        Assert.Equal(new CliResult(0, "The route 'wine' was created.\nThe route 'wine' is ready: http://h/custom/ab\n", ""), await cli.RunAsync("route", "create", "-f", route));
    }

    [Fact]
    public async Task Apply_DeploymentsBeforeRoutes_AndWaitsForEach()
    {
        var all = cli.File("all.yaml", "kind: ModelRoute\nid: wine\nspec: {urlPrefix: /custom/ab, modelDeployments: [{mdName: wine}]}\n---\n" + await File.ReadAllTextAsync(file));
        var (isMade, isRouted) = (false, false);
        var looks = 0;
        server.On("POST /api/v1/model/deployment", _ => Made(ref isMade, Deployment("", 0)))
            .On("GET /api/v1/model/deployment/wine", _ => !isMade ? new ReplayAnswer(404, "{}") : new ReplayAnswer(200, Deployment("Ready", ++looks > 2 ? 1 : 0)))
            .On("POST /api/v1/model/route", _ => looks > 2 ? Made(ref isRouted, "{}") : new ReplayAnswer(400, """{"message":"too early"}"""))
            .On("GET /api/v1/model/route/wine", _ => isRouted ? new ReplayAnswer(200, """{"id":"wine","spec":{"urlPrefix":"/custom/ab","modelDeployments":[{"mdName":"wine","weight":100}]},"status":{"state":"Ready","edgeUrl":"http://h/custom/ab"}}""") : new ReplayAnswer(404, "{}"));
        Assert.Equal(
            new CliResult(0, "The deployment 'wine' was created.\nThe deployment 'wine' is ready: 1 replica. `odin model info --md wine` shows what it takes.\nThe route 'wine' was created.\nThe route 'wine' is ready: http://h/custom/ab\n", ""),
            await cli.RunAsync("apply", "-f", all));
        Assert.Equal(new CliResult(0, "The deployment 'wine' is unchanged.\nThe route 'wine' is unchanged.\n", ""), await cli.RunAsync("apply", "-f", all));
    }

    private static ReplayAnswer Made(ref bool flag, string body)
    {
        flag = true;
        return new ReplayAnswer(201, body);
    }

    private static string Deployment(string state, int available, string more = "") => $$"""
        {"id":"wine","spec":{"image":"wine:1.0","predictor":"odahu-ml-server","minReplicas":1,"maxReplicas":1,"roleName":"role-wine","livenessProbeInitialDelay":2,"readinessProbeInitialDelay":2,"resources":{"limits":{"cpu":"250m"} } },
         "status":{ {{more}}"state":"{{state}}","availableReplicas":{{available}},"replicas":{{available}} } }
        """;

    private void Replay(string noun, params string[] states)
    {
        var left = new Queue<string>(states);
        server.On($"GET /api/v1/model/{noun}/wine", _ => new ReplayAnswer(200, left.Count > 1 ? left.Dequeue() : left.Peek()));
    }
}

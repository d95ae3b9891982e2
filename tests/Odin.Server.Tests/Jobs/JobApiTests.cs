using System.Formats.Tar;
using System.Net;
using System.Text;

namespace Odin.Server.Tests.Jobs;

public sealed class JobApiTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly TestServer server = fixture.Server;

    [Fact]
    public async Task Job_FromCreationToDownload_AnswersAsTheInheritedServer()
    {
        using var admin = server.Admin();
        var created = (await admin.PostJsonAsync("/v1/jobs", """{"job":{"name":"me__newjob"}}"""))["job"]!;
        Assert.Equal(["id", "name", "location", "creationTime", "tasks", "configs"], created.Keys().Take(6));
        Assert.Equal("me/newjob", (string)created["id"]!);
        Assert.EndsWith("/me/newjob", (string)created["location"]!, StringComparison.Ordinal);
        var again = await admin.PostJsonAsync("/v1/jobs", """{"job":{"name":"me/newjob"}}""", HttpStatusCode.Conflict);
        Assert.Equal(409, (int)again["status"]!);

        // Any content type will do.
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes("seed: 1 # ö\n"));
        using var uploaded = await admin.PostAsync("/v1/jobs/me__newjob/files/params.yml", content);
        var answer = await uploaded.ExpectAsync(HttpStatusCode.OK);
        Assert.Equal(["bytes", "location"], answer.Keys());
        Assert.Equal(13, (int)answer["bytes"]!);
        Assert.Matches("/me/newjob/params.yml@[0-9a-f]{40}$", (string)answer["location"]!);

        Assert.Equal("seed: 1 # ö\n", await server.Client.GetStringAsync("/v1/jobs/me__newjob/files/params.yml"));
        using var asJson = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs/me__newjob/files/params.yml");
        asJson.Headers.Accept.ParseAdd("application/json");
        using var json = await server.Client.SendAsync(asJson);
        Assert.Equal("seed: 1 # ö\n", (string)(await json.ExpectAsync(HttpStatusCode.OK))!);

        var job = (await server.Client.GetJsonAsync("/v1/jobs/me__newjob"))["job"]!;
        Assert.EndsWith("/me/newjob/main.yml", (string)job["location"]!, StringComparison.Ordinal);
        Assert.Equal("params.yml", (string)Assert.Single(job["configs"]!.AsArray())!["name"]!);
        Assert.Contains("me/newjob", (await server.Client.GetJsonAsync("/v1/jobs?q=me__"))["jobs"]!.AsArray().Select(j => (string)j!["name"]!));
        Assert.Empty((await server.Client.GetJsonAsync("/v1/jobs?q=x*y"))["jobs"]!.AsArray());
    }

    [Fact]
    public async Task Upload_Archive_IsOneCommit()
    {
        using var admin = server.Admin();
        var answer = await PutAsync(admin, "/v1/jobs/me__packed/files?create=true", HttpStatusCode.OK, ("./", ""), ("./main.yml", "tasks: []\n"), ("lib/go.sh", "#!/bin/sh\n"));
        Assert.Equal(["bytes", "location", "files", "removed", "commit", "changed"], answer.Keys());
        Assert.Equal((2, 20, true), ((int)answer["files"]!, (int)answer["bytes"]!, (bool)answer["changed"]!));
        Assert.EndsWith($"/me/packed@{answer["commit"]}", (string)answer["location"]!, StringComparison.Ordinal);
        await PutAsync(admin, "/v1/jobs/me__packed/files?create=true", HttpStatusCode.Conflict, ("main.yml", "tasks: []\n"));
        var pruned = await PutAsync(admin, "/v1/jobs/me__packed/files?prune=true", HttpStatusCode.OK, ("main.yml", "tasks: []\n"));
        Assert.Equal("""["lib/go.sh"]""", pruned["removed"]!.ToJsonString());
        var missing = await PutAsync(admin, "/v1/jobs/me__packde/files", HttpStatusCode.NotFound, ("main.yml", "tasks: []\n"));
        Assert.Contains("--create", (string)missing["detail"]!, StringComparison.Ordinal);
        await PutAsync(admin, "/v1/jobs/me__packed/files", HttpStatusCode.BadRequest, ("../x", "1"));
    }

    [Fact]
    public async Task Upload_WhatIsNoArchiveOrHoldsLinks_IsTheClientsMistake()
    {
        using var admin = server.Admin();
        foreach (var body in new[] { new string('x', 2000), "", "short" })
        {
            using var content = new StringContent(body);
            using var answer = await admin.PutAsync("/v1/jobs/me__bad/files?create=true", content);
            Assert.NotEmpty((string)(await answer.ExpectAsync(HttpStatusCode.BadRequest))["detail"]!);
        }
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "link") { LinkName = "/etc/passwd" });
        using var links = new ByteArrayContent(archive.ToArray());
        using var refused = await admin.PutAsync("/v1/jobs/me__bad/files?create=true", links);
        Assert.Contains("SymbolicLink", (string)(await refused.ExpectAsync(HttpStatusCode.BadRequest))["detail"]!, StringComparison.Ordinal);
        using var anonymous = new ByteArrayContent(archive.ToArray());
        using var unauthorized = await server.Client.PutAsync("/v1/jobs/me__bad/files", anonymous);
        Assert.Equal(HttpStatusCode.Unauthorized, unauthorized.StatusCode);
    }

    private static async Task<System.Text.Json.Nodes.JsonNode> PutAsync(
        HttpClient client, string path, HttpStatusCode expected, params (string Name, string Text)[] files)
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                var isDirectory = name.EndsWith('/');
                var entry = new PaxTarEntry(isDirectory ? TarEntryType.Directory : TarEntryType.RegularFile, name);
                if (!isDirectory)
                    entry.DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text));
                await writer.WriteEntryAsync(entry);
            }
        }
        using var content = new ByteArrayContent(archive.ToArray());
        using var answer = await client.PutAsync(path, content);
        return await answer.ExpectAsync(expected);
    }

    [Fact]
    public async Task Job_AsItIsInTheSamples_IsNormalised()
    {
        await server.PutJobAsync("sample", """
            name: bert-ner
            image: &image repo/mead:1
            tasks:
            - name: train
              image: *image
              command: mead-train
              args: [--config, "${WORK_PATH}/c.yml"]
              mount: {name: data, path: /data, claim: c}
              num_gpus: 1
              pull_policy: Always
              node_selector: {gpu: "yes"}
              outputs: {model: "${TASK_PATH}/m"}
              retries: 2
            """);
        var task = (await server.Client.GetJsonAsync("/v1/jobs/sample"))["job"]!["tasks"]![0]!;
        Assert.Equal(
            ["id", "name", "image", "command", "args", "mounts", "numGpus", "pullPolicy", "nodeSelector", "resourceType", "numWorkers", "depends", "inputs", "outputs"],
            task.Keys().Take(14));
        Assert.Equal("sample--train", (string)task["id"]!);
        Assert.Equal("repo/mead:1", (string)task["image"]!);
        Assert.Equal("""[{"path":"/data","name":"data","claim":"c"}]""", task["mounts"]!.ToJsonString());
        Assert.Equal("""[{"key":"gpu","value":"yes"}]""", task["nodeSelector"]!.ToJsonString());
        Assert.Equal(2, (int)task["retries"]!);
    }

    [Fact]
    public async Task Replace_WhatWasRead_KeepsTheDefinition()
    {
        await server.PutJobAsync("roundtrip", """
            name: trip
            on_failure: continue
            parameters: {n: {type: integer, default: 3}}
            tasks:
            - {name: a, image: i, command: [sh, -c], args: ["echo ${n}"], env: {K: v}, retries: 1, outputs: {f: "${TASK_PATH}/f"}}
            - {name: b, image: i, command: "true", depends: a}
            """);
        using var admin = server.Admin();
        var before = await server.Client.GetJsonAsync("/v1/jobs/roundtrip");
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/jobs/roundtrip", before.ToJsonString());
        var bare = before["job"]!;
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/jobs/roundtrip", bare.ToJsonString());

        var after = await server.Client.GetJsonAsync("/v1/jobs/roundtrip");
        Assert.Equal(bare["tasks"]!.ToJsonString(), after["job"]!["tasks"]!.ToJsonString());
        var text = await server.Client.GetStringAsync("/v1/jobs/roundtrip/files/main.yml");
        Assert.Contains("name: trip", text, StringComparison.Ordinal);
        Assert.Contains("on_failure: continue", text, StringComparison.Ordinal);
        Assert.Equal("DONE", (string)(await server.EndAsync(await server.SubmitAsync("roundtrip")))["status"]!);
    }

    [Fact]
    public async Task Replace_WithABrokenTask_Is400AndChangesNothing()
    {
        await server.PutJobAsync("kept", "tasks: [{name: a, image: i, command: 'true'}]\n");
        using var admin = server.Admin();
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/jobs/kept", """{"tasks":[{"name":"a","image":"i"}]}""", HttpStatusCode.BadRequest);
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/jobs/kept", "{}", HttpStatusCode.UnprocessableEntity);
        await admin.SendJsonAsync(HttpMethod.Put, "/v1/jobs/nosuch", """{"tasks":[]}""", HttpStatusCode.NotFound);
        Assert.Equal("tasks: [{name: a, image: i, command: 'true'}]\n", await server.Client.GetStringAsync("/v1/jobs/kept/files/main.yml"));
    }

    [Theory]
    [InlineData("/v1/jobs/..__..__..__..__etc/files/hostname")]
    [InlineData("/v1/jobs/..__..__etc")]
    [InlineData("/v1/jobs/%2Fetc")]
    [InlineData("/v1/jobs/%2e%2e%2fetc/files/passwd")]
    [InlineData("/v1/jobs/__etc/files/passwd")]
    [InlineData("/v1/jobs/x/files/..%2f..%2fsigning-key")]
    [InlineData("/v1/jobs/x/files/..")]
    [InlineData("/v1/jobs/x%00y/files/main.yml")]
    [InlineData("/v1/jobs/.git/files/config")]
    public async Task Read_APathThatLeadsOut_ReadsNothing(string path)
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler);
        using var response = await client.GetAsync(new Uri(server.Url.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound, $"{response.StatusCode}: {text}");
        using var admin = server.Admin();
        using var written = await admin.PostAsync(
            new Uri(server.Url.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }), new StringContent("x"));
        Assert.InRange((int)written.StatusCode, 400, 499);
    }

    [Fact]
    public async Task Write_AFileThatIsTooLarge_Is413()
    {
        using var admin = server.Admin();
        using var response = await admin.PostAsync("/v1/jobs/big/files/data.txt", new ByteArrayContent(new byte[11 << 20]));
        await response.ExpectAsync(HttpStatusCode.RequestEntityTooLarge);
        await server.Client.GetJsonAsync("/v1/jobs/big", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Push_ByTheInheritedClient_Works()
    {
        var client = new StockClient(server);
        Assert.True(await client.LogInAsync("admin", TestServer.Password));
        Assert.NotNull(await client.PushAsync("stock/pushed", "a.yml", "x: 1\n", create: true));
        Assert.Null(await client.PushAsync("stock/pushed", "a.yml", "x: 1\n", create: true));
        Assert.NotNull(await client.PushAsync("stock/pushed", "a.yml", "x: 2\n", create: false));
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Odin.Images;
using Odin.Server.Registry;

namespace Odin.Server.Tests.Registry;

/// <summary>The server's own registry by its HTTP interface.</summary>
public sealed class RegistryTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly byte[] Config = "{}"u8.ToArray();

    private readonly string name = $"models/r-{Guid.NewGuid():N}";

    private TestServer Server => fixture.Server;

    [Fact]
    public async Task Base_WithoutToken_AsksForOne()
    {
        using var answer = await Server.Client.GetAsync("/v2/");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal($"Bearer realm=\"http://{Server.Url.Authority}/v2/token\",service=\"{Server.Url.Authority}\"", answer.Headers.WwwAuthenticate.Single().ToString());
        Assert.Equal("registry/2.0", answer.Headers.GetValues("Docker-Distribution-Api-Version").Single());
        Assert.Equal("UNAUTHORIZED", await CodeAsync(answer, HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Base_BehindTls_NamesItsAddress()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Host = "registry.example.org";

        using var answer = await Server.Client.SendAsync(request);

        Assert.StartsWith("Bearer realm=\"https://registry.example.org/v2/token\"", answer.Headers.WwwAuthenticate.Single().ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("admin", TestServer.Password)]
    [InlineData("admin", null)]
    public async Task Token_ForPasswordOrToken_OpensTheRegistry(string user, string? password)
    {
        using var client = Basic(user, password ?? Server.Token());
        var token = (string?)(await client.GetJsonAsync("/v2/token?service=x&scope=repository:a:pull"))["token"];

        using var with = Server.With(token);
        using var answer = await with.GetAsync("/v2/");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var direct = await client.GetAsync("/v2/");
        Assert.Equal(HttpStatusCode.OK, direct.StatusCode);
    }

    [Fact]
    public async Task Token_Wrong_IsRefused()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var (user, password) in new[] { ("admin", "wrong"), ("nobody", TestServer.Password), ("other", server.Token()) })
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            client.DefaultRequestHeaders.Authorization = Header(user, password);
            using var answer = await client.GetAsync("/v2/token");
            Assert.Equal("UNAUTHORIZED", await CodeAsync(answer, HttpStatusCode.Unauthorized));
            using var read = await client.GetAsync("/v2/_catalog");
            Assert.Equal(HttpStatusCode.Unauthorized, read.StatusCode);
        }
    }

    [Fact]
    public async Task Upload_InPieces_GoesOnWhereItStopped()
    {
        using var client = Server.Admin();
        var content = Bytes(3000);
        var session = await BeginAsync(client);

        using (var first = await PatchAsync(client, session, content[..1000], "0-999"))
            Assert.Equal("0-999", first.Headers.GetValues("Range").Single());
        using (var wrong = await PatchAsync(client, session, content[2000..], "2000-2999"))
        {
            Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, wrong.StatusCode);
            Assert.Equal("0-999", wrong.Headers.GetValues("Range").Single());
        }
        using (var status = await client.GetAsync(session))
            Assert.Equal((HttpStatusCode.NoContent, "0-999"), (status.StatusCode, status.Headers.GetValues("Range").Single()));
        using (var second = await PatchAsync(client, session, content[1000..2000], null))
            Assert.Equal(HttpStatusCode.Accepted, second.StatusCode);
        using (var end = await client.PutAsync($"{session}?digest={Digest(content)}", new ByteArrayContent(content[2000..])))
            Assert.Equal((HttpStatusCode.Created, $"/v2/{name}/blobs/{Digest(content)}"), (end.StatusCode, end.Headers.Location!.ToString()));

        Assert.Equal(content, await client.GetByteArrayAsync($"/v2/{name}/blobs/{Digest(content)}"));
        using var gone = await client.GetAsync(session);
        Assert.Equal("BLOB_UPLOAD_UNKNOWN", await CodeAsync(gone, HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Upload_AtOnce_IsABlob()
    {
        using var client = Server.Admin();
        var content = Bytes(500, 2);

        using var answer = await client.PostAsync($"/v2/{name}/blobs/uploads/?digest={Digest(content)}", new ByteArrayContent(content));

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal(content, await client.GetByteArrayAsync($"/v2/{name}/blobs/{Digest(content)}"));
    }

    [Fact]
    public async Task Upload_WrongDigest_IsRefusedAndNotVisible()
    {
        using var client = Server.Admin();
        var (content, other) = (Bytes(500, 3), Digest(Bytes(500, 4)));
        var session = await BeginAsync(client);

        using var answer = await client.PutAsync($"{session}?digest={other}", new ByteArrayContent(content));
        Assert.Equal("DIGEST_INVALID", await CodeAsync(answer, HttpStatusCode.BadRequest));
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v2/{name}/blobs/{other}"));
        Assert.Equal(HttpStatusCode.NotFound, head.StatusCode);
    }

    [Fact]
    public async Task Upload_Cancelled_IsGone()
    {
        using var client = Server.Admin();
        var session = await BeginAsync(client);

        using (var cancel = await client.DeleteAsync(session))
            Assert.Equal(HttpStatusCode.NoContent, cancel.StatusCode);
        using var answer = await PatchAsync(client, session, [1], null);
        Assert.Equal("BLOB_UPLOAD_UNKNOWN", await CodeAsync(answer, HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Upload_OfAnotherRepository_IsUnknown()
    {
        using var client = Server.Admin();
        var session = await BeginAsync(client);

        using var answer = await PatchAsync(client, session.Replace(name, "other", StringComparison.Ordinal), [1], null);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Upload_Mounted_NeedsNoBytes()
    {
        using var client = Server.Admin();
        var digest = await UploadAsync(client, Bytes(100, 5));

        using var mounted = await client.PostAsync($"/v2/{name}-2/blobs/uploads/?mount={digest}&from={name}", null);
        Assert.Equal(HttpStatusCode.Created, mounted.StatusCode);
        using var unknown = await client.PostAsync($"/v2/{name}-2/blobs/uploads/?mount={Digest(Bytes(7, 6))}&from={name}", null);
        Assert.Equal(HttpStatusCode.Accepted, unknown.StatusCode);
    }

    [Theory]
    [InlineData("bytes=10-19", 10, 10)]
    [InlineData("bytes=90-", 90, 10)]
    [InlineData("bytes=-5", 95, 5)]
    [InlineData("bytes=95-500", 95, 5)]
    public async Task Blob_Range_IsAPart(string range, int first, int length)
    {
        using var client = Server.Admin();
        var content = Bytes(100, 7);
        var digest = await UploadAsync(client, content);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/{name}/blobs/{digest}");
        request.Headers.TryAddWithoutValidation("Range", range);

        using var answer = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {first}-{first + length - 1}/100", answer.Content.Headers.ContentRange!.ToString());
        Assert.Equal(content[first..(first + length)], await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Blob_RangeBeyondItsEnd_IsRefused()
    {
        using var client = Server.Admin();
        var digest = await UploadAsync(client, Bytes(100, 7));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/{name}/blobs/{digest}");
        request.Headers.TryAddWithoutValidation("Range", "bytes=100-");

        using var answer = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, answer.StatusCode);
    }

    [Fact]
    public async Task Manifest_Put_IsFoundListedAndDeleted()
    {
        using var client = Server.Admin();
        var manifest = await ManifestAsync(client);
        foreach (var tag in new[] { "b", "a", "c" })
        {
            using var put = await PutAsync(client, tag, manifest);
            Assert.Equal((HttpStatusCode.Created, Digest(manifest)), (put.StatusCode, put.Headers.GetValues("Docker-Content-Digest").Single()));
        }

        using (var get = await client.GetAsync($"/v2/{name}/manifests/a"))
        {
            Assert.Equal(MediaTypes.Manifest, get.Content.Headers.ContentType!.ToString());
            Assert.Equal(manifest, await get.Content.ReadAsByteArrayAsync());
        }
        using (var page = await client.GetAsync($"/v2/{name}/tags/list?n=2"))
        {
            Assert.Equal(["a", "b"], (await page.ExpectAsync(HttpStatusCode.OK))["tags"]!.AsArray().Select(t => (string?)t));
            Assert.Equal($"</v2/{name}/tags/list?n=2&last=b>; rel=\"next\"", page.Headers.GetValues("Link").Single());
        }
        using (var rest = await client.GetAsync($"/v2/{name}/tags/list?n=2&last=b"))
        {
            Assert.Equal(["c"], (await rest.ExpectAsync(HttpStatusCode.OK))["tags"]!.AsArray().Select(t => (string?)t));
            Assert.False(rest.Headers.Contains("Link"));
        }
        Assert.Contains(name, (await client.GetJsonAsync("/v2/_catalog"))["repositories"]!.AsArray().Select(r => (string?)r));
        using (var untag = await client.DeleteAsync($"/v2/{name}/manifests/c"))
            Assert.Equal(HttpStatusCode.Accepted, untag.StatusCode);
        using (var blob = await client.DeleteAsync($"/v2/{name}/blobs/{Digest(Config)}"))
            Assert.Equal("UNSUPPORTED", await CodeAsync(blob, HttpStatusCode.MethodNotAllowed));
        using (var delete = await client.DeleteAsync($"/v2/{name}/manifests/{Digest(manifest)}"))
            Assert.Equal(HttpStatusCode.Accepted, delete.StatusCode);
        using var gone = await client.GetAsync($"/v2/{name}/manifests/a");
        Assert.Equal("MANIFEST_UNKNOWN", await CodeAsync(gone, HttpStatusCode.NotFound));
        using var list = await client.GetAsync($"/v2/{name}/tags/list");
        Assert.Equal("NAME_UNKNOWN", await CodeAsync(list, HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Manifest_Wrong_IsRefused()
    {
        using var client = Server.Admin();
        var missing = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.Manifest}}","config":{"mediaType":"x","digest":"{{Digest(Bytes(9, 9))}}","size":9},"layers":[]}""";
        var good = await ManifestAsync(client);

        await ExpectAsync("1", Encoding.UTF8.GetBytes(missing), MediaTypes.Manifest, "MANIFEST_BLOB_UNKNOWN", HttpStatusCode.NotFound);
        await ExpectAsync("1", "{"u8.ToArray(), MediaTypes.Manifest, "MANIFEST_INVALID", HttpStatusCode.BadRequest);
        await ExpectAsync("1", "{}"u8.ToArray(), MediaTypes.Manifest, "MANIFEST_INVALID", HttpStatusCode.BadRequest);
        await ExpectAsync("1", good, MediaTypes.Index, "MANIFEST_INVALID", HttpStatusCode.BadRequest);
        await ExpectAsync("1", good, "text/plain", "MANIFEST_INVALID", HttpStatusCode.BadRequest);
        await ExpectAsync(".bad", good, MediaTypes.Manifest, "MANIFEST_INVALID", HttpStatusCode.BadRequest);
        await ExpectAsync(Digest(Config), good, MediaTypes.Manifest, "DIGEST_INVALID", HttpStatusCode.BadRequest);
        await ExpectAsync("1", new byte[(4 << 20) + 1], MediaTypes.Manifest, "SIZE_INVALID", HttpStatusCode.RequestEntityTooLarge);
        using var none = await client.GetAsync($"/v2/{name}/manifests/1");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);

        async Task ExpectAsync(string reference, byte[] content, string type, string code, HttpStatusCode status)
        {
            using var answer = await PutAsync(client, reference, content, type);
            Assert.Equal(code, await CodeAsync(answer, status));
        }
    }

    [Theory]
    [InlineData("GET", "/v2/UPPER/tags/list", "NAME_INVALID", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/v2/a/blobs/sha256:12", "DIGEST_INVALID", HttpStatusCode.BadRequest)]
    [InlineData("GET", "/v2/nothing", "NAME_UNKNOWN", HttpStatusCode.NotFound)]
    [InlineData("PATCH", "/v2/a/tags/list", "UNSUPPORTED", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/v2/a/tags/list?n=x", "PAGINATION_NUMBER_INVALID", HttpStatusCode.BadRequest)]
    [InlineData("PATCH", "/v2/a/blobs/uploads/..%2F..%2Fx", "BLOB_UPLOAD_UNKNOWN", HttpStatusCode.NotFound)]
    public async Task Request_Wrong_SaysSoInTheSpecificationsWords(string method, string path, string code, HttpStatusCode status)
    {
        using var client = Server.Admin();

        using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(code, await CodeAsync(answer, status));
    }

    [Fact]
    public async Task Referrers_OfAManifest_AreListedByType()
    {
        using var client = Server.Admin();
        var subject = await ManifestAsync(client);
        using (var put = await PutAsync(client, "1", subject))
            Assert.False(put.Headers.Contains("OCI-Subject"));
        var attached = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.Manifest}}","artifactType":"application/spdx+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{Digest(Config)}}","size":2},"layers":[],"subject":{"mediaType":"{{MediaTypes.Manifest}}","digest":"{{Digest(subject)}}","size":{{subject.Length}} },"annotations":{"a":"b"} }""");
        using (var put = await PutAsync(client, Digest(attached), attached))
            Assert.Equal(Digest(subject), put.Headers.GetValues("OCI-Subject").Single());

        var all = (await client.GetJsonAsync($"/v2/{name}/referrers/{Digest(subject)}"))["manifests"]!.AsArray();
        Assert.Equal((Digest(attached), "application/spdx+json", "b"), ((string?)all.Single()!["digest"], (string?)all[0]!["artifactType"], (string?)all[0]!["annotations"]!["a"]));
        using var other = await client.GetAsync($"/v2/{name}/referrers/{Digest(subject)}?artifactType=x");
        Assert.Equal("artifactType", other.Headers.GetValues("OCI-Filters-Applied").Single());
        Assert.Empty((await other.ExpectAsync(HttpStatusCode.OK))["manifests"]!.AsArray());
        using (var delete = await client.DeleteAsync($"/v2/{name}/manifests/{Digest(attached)}"))
            Assert.Equal(HttpStatusCode.Accepted, delete.StatusCode);
        Assert.Empty((await client.GetJsonAsync($"/v2/{name}/referrers/{Digest(subject)}"))["manifests"]!.AsArray());
    }

    [Fact]
    public async Task Upkeep_OldUploadsAndBlobs_AreRemoved()
    {
        await using var server = await TestServer.StartAsync();
        using var client = server.Admin();
        var kept = await ManifestAsync(client);
        using (await PutAsync(client, "1", kept))
        {
        }
        var loose = await UploadAsync(client, Bytes(300, 11));
        var session = await BeginAsync(client);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(server.Data, "registry"), "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);

        await server.Services.GetRequiredService<RegistryUpkeep>().RunAsync(CancellationToken.None);

        using (var upload = await client.GetAsync(session))
            Assert.Equal(HttpStatusCode.NotFound, upload.StatusCode);
        using (var blob = await client.GetAsync($"/v2/{name}/blobs/{loose}"))
            Assert.Equal(HttpStatusCode.NotFound, blob.StatusCode);
        Assert.Equal(Config, await client.GetByteArrayAsync($"/v2/{name}/blobs/{Digest(Config)}"));
    }

    [Fact]
    public async Task Registry_SwitchedOff_IsNotThere()
    {
        await using var server = await TestServer.StartAsync(options => options with { Registry = new EmbeddedRegistryOptions { IsEnabled = false } });
        using var client = server.Admin();

        using var answer = await client.GetAsync("/v2/");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    private static AuthenticationHeaderValue Header(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private static async Task<string?> CodeAsync(HttpResponseMessage answer, HttpStatusCode status) =>
        (string?)(await answer.ExpectAsync(status))["errors"]![0]!["code"];

    private HttpClient Basic(string user, string password)
    {
        var client = new HttpClient { BaseAddress = Server.Url };
        client.DefaultRequestHeaders.Authorization = Header(user, password);
        return client;
    }

    private async Task<string> BeginAsync(HttpClient client)
    {
        using var answer = await client.PostAsync($"/v2/{name}/blobs/uploads/", null);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return answer.Headers.Location!.ToString();
    }

    private static async Task<HttpResponseMessage> PatchAsync(HttpClient client, string session, byte[] content, string? range)
    {
        var body = new ByteArrayContent(content);
        if (range is not null)
            body.Headers.TryAddWithoutValidation("Content-Range", range);
        return await client.PatchAsync(session, body);
    }

    private async Task<string> UploadAsync(HttpClient client, byte[] content)
    {
        using var answer = await client.PostAsync($"/v2/{name}/blobs/uploads/?digest={Digest(content)}", new ByteArrayContent(content));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return Digest(content);
    }

    private async Task<byte[]> ManifestAsync(HttpClient client)
    {
        await UploadAsync(client, Config);
        return Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.Manifest}}","config":{"mediaType":"{{MediaTypes.Configuration}}","digest":"{{Digest(Config)}}","size":2},"layers":[],"annotations":{"name":"{{name}}"} }""");
    }

    private async Task<HttpResponseMessage> PutAsync(HttpClient client, string reference, byte[] content, string type = MediaTypes.Manifest)
    {
        var body = new ByteArrayContent(content);
        body.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await client.PutAsync($"/v2/{name}/manifests/{reference}", body);
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>
/// Definitions that are meant to hurt. The server has a heap that none of them would fit into if it were read as it is:
/// it must refuse them with a message, keep nothing, and go on.
/// </summary>
public sealed class BadInputTests(BadInputTests.SmallServer small) : IClassFixture<BadInputTests.SmallServer>
{
    private const int Huge = 100 << 20;

    private OdinServer Server => small.Server;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_AHundredMegabytes_413AndNothingIsStored(bool lengthIsTold)
    {
        var before = await HeadAsync();
        using var content = new StreamContent(new Flood(Huge));
        content.Headers.ContentLength = lengthIsTold ? Huge : null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs/huge-upload/files/main.yml") { Content = content };
        request.Headers.TransferEncodingChunked = !lengthIsTold;
        using var response = await Server.Client.SendAsync(request);
        await RefusedAsync(response, HttpStatusCode.RequestEntityTooLarge);

        Assert.Equal(before, await HeadAsync());
        await GoesOnAsync();
    }

    [Theory]
    [InlineData("POST", "/v1/jobs")]
    [InlineData("PUT", "/v1/jobs/fine")]
    [InlineData("POST", "/v1/pipelines")]
    [InlineData("POST", "/v1/plans")]
    public async Task Json_AHundredMegabytes_413(string verb, string path)
    {
        using var content = new StreamContent(new Flood(Huge));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(new HttpMethod(verb), path) { Content = content };
        using var response = await Server.Client.SendAsync(request);
        await RefusedAsync(response, HttpStatusCode.RequestEntityTooLarge);
        await GoesOnAsync();
    }

    [Fact]
    public async Task Submit_AHundredMegabytesThatCameByGit_400AndTheJobIsStillListed()
    {
        var repository = Path.Combine(Server.DataDirectory, "pipelines");
        await TestProgram.GitAsync(repository, "reset", "-q", "--hard");
        Directory.CreateDirectory(Path.Combine(repository, "huge-git"));
        await using (var file = File.Create(Path.Combine(repository, "huge-git", "main.yml")))
            await new Flood(Huge).CopyToAsync(file);
        await TestProgram.GitAsync(repository, "add", "huge-git");
        await TestProgram.GitAsync(repository, "commit", "-q", "-m", "huge");

        Assert.Contains("FileTooLarge", await RefusedSubmitAsync("huge-git"));
        foreach (var path in new[] { "/v1/jobs", "/v1/jobs/huge-git" })
        {
            using var shown = await Server.Client.GetAsync(path);
            var text = await shown.Content.ReadAsStringAsync();
            Assert.True(shown.IsSuccessStatusCode, $"{path}: {shown.StatusCode}: {text}");
            Assert.InRange(text.Length, 1, 8 << 20);
        }
        using var read = await Server.Client.GetAsync("/v1/jobs/huge-git/files/main.yml");
        await RefusedAsync(read, HttpStatusCode.RequestEntityTooLarge);
        await GoesOnAsync();
    }

    public static TheoryData<string, string, string> Bombs => new()
    {
        { "aliases", Aliases(), "TooManyValues" },
        { "self", "name: s\ntasks: &a\n- *a\n", "UnknownAnchor" },
        { "tasks", "name: many\ntasks:\n" + string.Concat(Enumerable.Range(0, 100_000).Select(_ => "- {}\n")), "TooManyTasks" },
        { "flow", "name: many\ntasks: [" + string.Concat(Enumerable.Repeat("{},", 100_000)) + "]\n", "TooManyTasks" },
        { "tags", "name: t\ntasks: !!python/object/apply:os.system ['touch /tmp/x']\n", "TypeTag" },
        { "types", "name: t\ntasks:\n- !!System.Diagnostics.Process {name: a, image: i, command: c}\n", "TypeTag" },
        { "deep", "name: d\ntasks: " + new string('[', 400_000) + "\n", "TooDeep" },
        { "long", "name: l\n# " + new string('x', 9 << 20) + "\ntasks: [{name: a, image: i, command: c}]\n", "FileTooLarge" },
        { "errors", "name: e\ntasks:\n" + string.Concat(Enumerable.Range(0, 10_000).Select(i => $"- {{nam: {i}, imag: !x y, commnd: 3}}\n")), "TooManyErrors" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task Submit_ABomb_400WithTheReasonAndNothingIsStored(string name, string definition, string code)
    {
        await Server.PutJobAsync($"bomb-{name}", definition);
        var answer = await RefusedSubmitAsync($"bomb-{name}");
        Assert.Contains(code, answer, StringComparison.Ordinal);

        using var plan = await PostAsync("/v1/plans", $$$"""{"pipeline":{"job":"bomb-{{{name}}}"}}""");
        await RefusedAsync(plan, HttpStatusCode.BadRequest);
        using var shown = await Server.Client.GetAsync($"/v1/jobs/bomb-{name}");
        Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        await GoesOnAsync();
    }

    [Fact]
    public async Task Replace_AHundredThousandTasks_400AndTheFileStays()
    {
        var before = await HeadAsync();
        var tasks = string.Join(',', Enumerable.Repeat("{}", 100_000));
        using var response = await Server.Client.PutAsync(
            "/v1/jobs/fine", new StringContent($$$"""{"job":{"tasks":[{{{tasks}}}]}}""", Encoding.UTF8, "application/json"));
        var answer = await RefusedAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal("TooManyTasks", (string)answer["errors"]![0]!["code"]!);
        Assert.Equal(before, await HeadAsync());
        await GoesOnAsync();
    }

    private async Task<string> RefusedSubmitAsync(string job)
    {
        using var response = await PostAsync("/v1/pipelines", $$$"""{"pipeline":{"job":"{{{job}}}"}}""");
        var answer = await RefusedAsync(response, HttpStatusCode.BadRequest);
        Assert.NotEmpty(answer["errors"]!.AsArray());
        var runs = JsonNode.Parse(await Server.Client.GetStringAsync($"/v1/pipelines?job={job}"))!;
        Assert.Empty(runs["pipelines"]!.AsArray());
        var workspaces = Path.Combine(Server.DataDirectory, "workspaces");
        Assert.True(!Directory.Exists(workspaces) || Directory.EnumerateDirectories(workspaces).All(d => Path.GetFileName(d).StartsWith("fine-", StringComparison.Ordinal)));
        return answer.ToJsonString();
    }

    private static async Task<JsonNode> RefusedAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} instead of {(int)status}: {text[..Math.Min(1000, text.Length)]}");
        // A hundred thousand errors help nobody.
        Assert.InRange(text.Length, 1, 4 << 20);
        var answer = JsonNode.Parse(text)!;
        Assert.NotEmpty((string)answer["detail"]!);
        return answer;
    }

    private async Task GoesOnAsync()
    {
        Assert.Equal("DONE", (string)(await Server.EndAsync(await Server.SubmitAsync("fine")))["status"]!);
    }

    private Task<HttpResponseMessage> PostAsync(string path, string json) =>
        Server.Client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));

    private async Task<string> HeadAsync() =>
        await TestProgram.GitAsync(Path.Combine(Server.DataDirectory, "pipelines"), "rev-parse", "master");

    // Nine levels of nine: 387 million values when they are written out.
    private static string Aliases()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level <= 8; level++)
            text.Append($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 9))}]\n");
        return text + "name: bomb\ntasks: *a8\n";
    }

    /// <summary>A server with a heap of 192 MiB.</summary>
    public sealed class SmallServer : IAsyncLifetime
    {
        internal OdinServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await OdinServer.StartAsync(new ServerSetup
            {
                Environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0xC000000" },
            });
            await Server.PutJobAsync("fine", "name: fine\ntasks: [{name: a, image: i, command: 'true'}]\n");
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    /// <summary>So many bytes of a comment, without memory for them.</summary>
    private sealed class Flood(long length) : Stream
    {
        private long position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = (int)Math.Min(buffer.Length, length - position);
            buffer[..read].Fill((byte)' ');
            position += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

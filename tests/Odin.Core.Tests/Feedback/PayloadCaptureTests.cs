using System.Text;
using Odin.Feedback;

namespace Odin.Tests.Feedback;

/// <summary>Predictions become records with the inherited names, in objects with the inherited keys.</summary>
public sealed class PayloadCaptureTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exchange_BecomesTwoRecords_WithTheInheritedNamesAndKeys()
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        Assert.True(rig.Capture.TryAdd(rig.Exchange("abc", "{\"columns\":[\"ä\"]}", "{\"prediction\":[[5.0]]}")));
        await rig.FlushAsync();

        var keys = rig.Keys.ToList();
        Assert.Equal(2, keys.Count);
        Assert.Matches("^model_log/request_response/wine/1[.]0/year=2026/month=03/day=04/2026030410_[0-9a-f]{32}[.]json$", keys[0]);
        Assert.Equal(keys[1], keys[0].Replace("request_response", "response_body", StringComparison.Ordinal));
        var request = Assert.Single(rig.Records("model_log/request_response/"));
        Assert.Equal(
            ["request_id", "request_http_headers", "request_content", "request_uri", "response_status", "response_http_headers", "request_host", "model_version", "model_name", "request_http_method", "time"],
            request.Select(m => m.Key));
        Assert.Equal("{\"content-type\":\"application/json\",\"accept\":\"a, b\"}", request["request_http_headers"]!.ToJsonString());
        Assert.Equal("{\"model-name\":\"wine\",\"request-id\":\"abc\"}", request["response_http_headers"]!.ToJsonString());
        Assert.Equal("{\"columns\":[\"ä\"]}", (string?)request["request_content"]);
        Assert.Equal("200", (string?)request["response_status"]);
        Assert.Equal("odin.example.com", (string?)request["request_host"]);
        Assert.Equal("POST", (string?)request["request_http_method"]);
        Assert.Equal("/model/wine/api/model/invoke", (string?)request["request_uri"]);
        Assert.Equal("2026-03-04 10:06:00 +0000", (string?)request["time"]);
        var response = Assert.Single(rig.Records("model_log/response_body/"));
        Assert.Equal(["request_id", "model_version", "model_name", "response_content", "time"], response.Select(m => m.Key));
        Assert.Equal("{\"prediction\":[[5.0]]}", (string?)response["response_content"]);
    }

    [Fact]
    public async Task Exchange_OfTheHourBefore_ComesIntoTheFolderOfItsArrival()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        var early = rig.Exchange("early");
        rig.Time.Advance(TimeSpan.FromHours(14));
        rig.Capture.TryAdd(early);
        rig.Capture.TryAdd(rig.Exchange("late"));
        await rig.FlushAsync();
        Assert.Equal("early", (string?)Assert.Single(rig.Records("model_log/request_response/wine/1.0/year=2026/month=03/day=04/2026030410_"))["request_id"]);
        Assert.Equal("late", (string?)Assert.Single(rig.Records("model_log/request_response/wine/1.0/year=2026/month=03/day=05/2026030500_"))["request_id"]);
    }

    [Fact]
    public async Task Bodies_CutOffOrNoText_AreMarked()
    {
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { BodyLimit = 5 }).StartAsync();
        Assert.Equal(5, rig.Capture.BodyLimit);
        rig.Capture.TryAdd(rig.Exchange("long", "1234567", "12345"));
        // The fifth byte is the first one of a character of two.
        rig.Capture.TryAdd(rig.Exchange("torn", "1234ä", "1234€"));
        rig.Capture.TryAdd(rig.Exchange("bytes", [0xFF, 0xFE, 0, 1], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80]));
        rig.Capture.TryAdd(rig.Exchange("said", "123", "") with { Request = new CapturedBody(Encoding.UTF8.GetBytes("123"), IsTruncated: true) });
        await rig.FlushAsync();

        var requests = rig.Records("model_log/request_response/").ToDictionary(r => (string)r["request_id"]!);
        var responses = rig.Records("model_log/response_body/").ToDictionary(r => (string)r["request_id"]!);
        Assert.Equal(("12345", true), ((string?)requests["long"]["request_content"], (bool?)requests["long"]["truncated"]));
        Assert.Equal(("12345", null), ((string?)responses["long"]["response_content"], (bool?)responses["long"]["truncated"]));
        Assert.Equal(("1234", true), ((string?)requests["torn"]["request_content"], (bool?)requests["torn"]["truncated"]));
        Assert.Equal(("1234", true), ((string?)responses["torn"]["response_content"], (bool?)responses["torn"]["truncated"]));
        Assert.Equal([0xFF, 0xFE, 0, 1], Convert.FromBase64String((string)requests["bytes"]["request_content"]!));
        Assert.Equal(("base64", null), ((string?)requests["bytes"]["request_content_encoding"], (bool?)requests["bytes"]["truncated"]));
        Assert.Equal(("base64", true), ((string?)responses["bytes"]["response_content_encoding"], (bool?)responses["bytes"]["truncated"]));
        Assert.Equal(("123", true), ((string?)requests["said"]["request_content"], (bool?)requests["said"]["truncated"]));
    }

    [Theory]
    [InlineData("../../etc", "%2E.%2F..%2Fetc")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData(".odin-save-1", "%2Eodin-save-1")]
    [InlineData("Wein größer", "Wein%20gr%C3%B6%C3%9Fer")]
    [InlineData("%", "%25")]
    [InlineData("", "%")]
    [InlineData("wine-1.0_b+c@d", "wine-1.0_b+c@d")]
    public async Task Names_OfAnyKind_AreOnePartOfTheKey(string name, string part)
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        rig.Capture.TryAdd(rig.Exchange("a", model: name, version: name));
        await rig.SayAsync("a", model: name, version: name);
        await rig.FlushAsync();
        Assert.Equal(3, rig.Keys.Count());
        Assert.All(rig.Keys, key => Assert.Equal([part, part], key.Split('/')[2..4]));
        Assert.All(rig.Records("model_log/"), record => Assert.Equal(name, (string?)record["model_name"]));
    }

    [Fact]
    public void Safe_LongNames_StayApart()
    {
        var (one, other) = (RecordKey.Safe(new string('x', 300) + "1"), RecordKey.Safe(new string('x', 300) + "2"));
        Assert.NotEqual(one, other);
        Assert.InRange(one.Length, 1, 200);
    }

    [Fact]
    public async Task Batches_AreClosedByCountSizeAndAge()
    {
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { MaxBatchRecords = 10, MaxBatchBytes = 5000 }).StartAsync();
        for (var i = 0; i < 20; i++)
            rig.Capture.TryAdd(rig.Exchange($"{i}"));
        await Eventually.True(() => Tick(rig) && rig.Keys.Count() == 4, "two batches are full and saved");
        rig.Capture.TryAdd(rig.Exchange("large", new string('x', 6000)));
        await Eventually.True(() => Tick(rig) && rig.Keys.Count() == 6, "one is large and saved");
        rig.Capture.TryAdd(rig.Exchange("alone"));
        await Eventually.True(() => Tick(rig) && rig.Keys.Count() == 8, "one is old and saved");
        // Two batches that are begun in the same millisecond are in no order.
        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => $"{i}").Append("large").Append("alone").Order(StringComparer.Ordinal),
            rig.Records("model_log/request_response/").Select(r => (string)r["request_id"]!).Order(StringComparer.Ordinal));
        await Eventually.True(() => rig.Capture.Budget.Used == 0, "its memory is given back");

        static bool Tick(FeedbackRig rig)
        {
            rig.Time.Advance(TimeSpan.FromMilliseconds(250));
            return true;
        }
    }

    [Fact]
    public async Task Switched_Off_TakesNothing()
    {
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { CapturesPayloads = false }).StartAsync();
        Assert.False(rig.Capture.IsEnabled);
        Assert.False(rig.Capture.TryAdd(rig.Exchange("a")));
        await rig.SayAsync("a");
        await rig.FlushAsync();
        Assert.StartsWith("model_log/feedback/", Assert.Single(rig.Keys), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_Down_KeepsUpToTheBoundThenDrops_AndSavesAllWhenItIsBack()
    {
        // What is no directory takes no files.
        await File.WriteAllTextAsync(directory["storage"], "", Token);
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { MaxMemory = 300_000, MaxBatchRecords = 20 }).StartAsync();
        var body = new string('x', 1000);
        var taken = 0;
        while (rig.Capture.TryAdd(rig.Exchange($"{taken}", body, body)))
        {
            if (++taken % 20 == 0)
                await rig.FlushAsync();
        }
        Assert.InRange(taken, 60, 150);
        Assert.False(rig.Capture.TryAdd(rig.Exchange("larger than the bound", new string('x', 400_000))));
        await rig.FlushAsync();
        Assert.False(rig.Capture.TryAdd(rig.Exchange("no room", body, body)));

        File.Delete(directory["storage"]);
        await Eventually.True(
            () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(5));
                return rig.Capture.Budget.Used == 0;
            },
            "everything is saved by itself");
        var saved = rig.Records("model_log/request_response/").Select(r => int.Parse((string)r["request_id"]!, System.Globalization.CultureInfo.InvariantCulture)).Order();
        Assert.Equal(Enumerable.Range(0, taken), saved);
        Assert.Equal(taken, rig.Records("model_log/response_body/").Count);
        Assert.True(rig.Capture.TryAdd(rig.Exchange("room again", body, body)));
    }

    [Fact]
    public async Task Stop_StorageDown_KeepsWhatIsThereForTheNextStart()
    {
        await File.WriteAllTextAsync(directory["storage"], "", Token);
        await using (var rig = await new FeedbackRig(directory).StartAsync())
        {
            rig.Capture.TryAdd(rig.Exchange("a", "request", "response"));
            await rig.StopAsync();
            Assert.False(rig.Capture.TryAdd(rig.Exchange("late")));
        }
        File.Delete(directory["storage"]);
        await using var next = await new FeedbackRig(directory).StartAsync();
        await next.FlushAsync();
        Assert.Equal("request", (string?)Assert.Single(next.Records("model_log/request_response/"))["request_content"]);
        Assert.Equal("response", (string?)Assert.Single(next.Records("model_log/response_body/"))["response_content"]);
        Assert.Empty(Directory.EnumerateFiles(next.JournalDirectory));
    }

    [Fact]
    public async Task Stop_StorageDownAndTheJournalFull_KeepsNoMore()
    {
        await File.WriteAllTextAsync(directory["storage"], "", Token);
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { MaxJournal = 3000 }).StartAsync();
        for (var i = 0; i < 3; i++)
            rig.Capture.TryAdd(rig.Exchange($"{i}", new string('x', 1000), version: $"{i}"));
        await rig.StopAsync();
        Assert.Single(rig.Journal.Files);
        Assert.Equal(0, rig.Capture.Budget.Used);
    }

    [Fact]
    public async Task OneObject_ThatCannotBeSaved_DoesNotHoldUpTheOthers()
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        // Where a folder belongs there is a file.
        var inTheWay = Path.Combine(Directory.CreateDirectory(Path.Combine(rig.Directory, "model_log/request_response")).FullName, "bad");
        await File.WriteAllTextAsync(inTheWay, "", Token);
        rig.Capture.TryAdd(rig.Exchange("1", model: "bad"));
        await rig.FlushAsync();
        for (var i = 1; i <= 3; i++)
        {
            rig.Capture.TryAdd(rig.Exchange($"{i}"));
            await Eventually.True(() => Tick(rig) && rig.Records("model_log/request_response/wine").Count == i, "the others are saved by themselves");
        }
        File.Delete(inTheWay);
        await Eventually.True(() => Tick(rig) && rig.Capture.Budget.Used == 0, "it is saved, too");
        Assert.Single(rig.Records("model_log/request_response/bad"));

        static bool Tick(FeedbackRig rig)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            return true;
        }
    }

    [Fact]
    public async Task Exchange_ThatCannotBeWritten_IsDroppedAlone()
    {
        // More than a text of JSON may be long.
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { BodyLimit = 200 << 20, MaxMemory = 1 << 30 }).StartAsync();
        rig.Capture.TryAdd(rig.Exchange("before"));
        var body = new byte[170 << 20];
        Assert.True(rig.Capture.TryAdd(rig.Exchange("bad request", body, [])));
        Assert.True(rig.Capture.TryAdd(rig.Exchange("bad response", [], body)));
        rig.Capture.TryAdd(rig.Exchange("after", response: "answer"));
        await rig.FlushAsync();
        Assert.Equal(["before", "after"], rig.Records("model_log/request_response/").Select(r => (string?)r["request_id"]));
        Assert.Equal(["before", "after"], rig.Records("model_log/response_body/").Select(r => (string?)r["request_id"]));
        Assert.Equal(0, rig.Capture.Budget.Used);
    }

    [Fact]
    public void Exchange_OfAPartOfABuffer_CountsTheWhole()
    {
        var capture = new PayloadCapture(new FeedbackOptions());
        var buffer = new byte[1 << 20];
        capture.TryAdd(new FeedbackRig(directory).Exchange("a", [], []) with { Request = new CapturedBody(buffer.AsMemory(0, 10), IsTruncated: true) });
        Assert.InRange(capture.Budget.Used, buffer.Length, buffer.Length + 10_000);
    }

    [Fact]
    public async Task Stop_InOrder_SavesWhatIsThere()
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        rig.Capture.TryAdd(rig.Exchange("a"));
        await rig.SayAsync("a");
        await rig.StopAsync();
        Assert.Equal(3, rig.Keys.Count());
    }

    [Fact]
    public async Task ManyExchanges_FromManyThreads_AreAllThereAndMemoryStaysWithinTheBound()
    {
        const int Count = 100_000;
        var options = new FeedbackOptions { MaxMemory = 16 << 20 };
        await using var rig = await new FeedbackRig(directory, options).StartAsync();
        var (next, most) = (0, 0L);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await Task.Yield();
            int i;
            while ((i = Interlocked.Increment(ref next)) <= Count)
            {
                var exchange = rig.Exchange($"{i}", "{\"columns\":[\"a\"],\"data\":[[1]]}", "{\"prediction\":[[1]],\"columns\":[\"p\"]}");
                // The gateway would drop it; here it is waited for, so that all can be counted.
                while (!rig.Capture.TryAdd(exchange))
                    await rig.Writer.FlushAsync(Token);
                if (rig.Capture.Budget.Used is var used && used > Volatile.Read(ref most))
                    Volatile.Write(ref most, used);
            }
        }));
        await rig.FlushAsync();
        var ids = rig.Keys.Where(k => k.Contains("/request_response/", StringComparison.Ordinal)).SelectMany(k => File.ReadLines(Path.Combine(rig.Directory, k)))
            .Select(l => RecordLines.PeekRequestId(Encoding.UTF8.GetBytes(l))).ToHashSet();
        Assert.Equal(Count, ids.Count);
        Assert.Equal(0, rig.Capture.Budget.Used);
        // One more record than fits may be in the making, and a piece of each buffer half empty.
        Assert.InRange(most, 1 << 20, options.MaxMemory + (2 << 20));
    }
}

using System.Globalization;
using Odin.Feedback;
using Odin.ObjectStorage;
using Odin.Storage;

namespace Odin.Tests.Feedback;

/// <summary>Recorded predictions and feedback are found again, page by page, and put together by the request.</summary>
public sealed class FeedbackReaderTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task List_PageByPage_GivesEachOnceInOrder()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        for (var i = 0; i < 25; i++)
        {
            await rig.SayAsync(i.ToString("00", CultureInfo.InvariantCulture), $"{i}");
            rig.Time.Advance(TimeSpan.FromMinutes(7));
            if (i % 4 == 3)
                await rig.FlushAsync();
        }
        var (found, after, pages) = (new List<RecordedFeedback>(), (string?)null, 0);
        do
        {
            var page = await rig.Reader.ListAsync(rig.Query(), 10, after, Token);
            found.AddRange(page.Items);
            after = page.Continue;
            pages++;
        }
        while (after is not null);
        Assert.Equal(3, pages);
        Assert.Equal(Enumerable.Range(0, 25), found.Select(f => f.Payload!.Value.GetInt32()));
        Assert.Equal(new DateTimeOffset(2026, 3, 4, 10, 6, 0, TimeSpan.Zero), found[0].Time);
        await Assert.ThrowsAsync<InvalidQueryException>(() => rig.Reader.ListAsync(rig.Query(), 10, "!", Token));
    }

    [Fact]
    public async Task List_OfAWindowOfAModel_LeavesOutTheRest()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        var start = rig.Time.GetUtcNow();
        foreach (var id in (string[])["a", "b", "c", "d"])
        {
            await rig.SayAsync(id);
            await rig.SayAsync(id + "2", version: "2.0");
            await rig.SayAsync(id + "3", model: "other");
            rig.Time.Advance(TimeSpan.FromHours(20));
        }
        await rig.FlushAsync();
        var window = new FeedbackQuery { ModelName = "wine", ModelVersion = "1.0", Since = start.AddHours(20), Until = start.AddHours(60) };
        Assert.Equal(["b", "c"], await IdsAsync(window));
        Assert.Equal(["b", "c", "b2", "c2"], await IdsAsync(window with { ModelVersion = null }));
        Assert.Equal(["b3", "c3", "b", "c", "b2", "c2"], await IdsAsync(window with { ModelName = null, ModelVersion = null }));
        Assert.Equal(["a", "b", "c", "d"], await IdsAsync(window with { Since = DateTimeOffset.MinValue.AddYears(1), Until = null }));
        Assert.Empty(await IdsAsync(window with { ModelName = "unknown" }));

        async Task<IEnumerable<string>> IdsAsync(FeedbackQuery query) => (await rig.Reader.ListAsync(query, 100, null, Token)).Items.Select(f => f.RequestId);
    }

    [Fact]
    public async Task Join_GivesPredictionsWithAllThatWasSaid_AlsoMuchLater()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        var start = rig.Time.GetUtcNow();
        foreach (var id in (string[])["a", "b", "c"])
            rig.Capture.TryAdd(rig.Exchange(id, $"{{\"in\":\"{id}\"}}", $"{{\"out\":\"{id}\"}}"));
        await rig.SayAsync("a", "1");
        await rig.FlushAsync();
        rig.Time.Advance(TimeSpan.FromDays(3));
        await rig.SayAsync("a", "2");
        await rig.SayAsync("b", "3");
        await rig.SayAsync("of another one", "4");

        var window = new FeedbackQuery { ModelName = "wine", Since = start, Until = start.AddHours(1) };
        var joined = await rig.Reader.JoinAsync(window, withSilent: false, Token).ToListAsync(Token);
        Assert.Equal(["a: 1 2", "b: 3"], joined.Select(j => $"{j.RequestId}: {string.Join(' ', j.Feedback.Select(f => f.Payload!.Value.GetInt32()))}"));
        Assert.Equal("{\"in\":\"b\"}", joined[1].Request.Text);
        Assert.Equal("{\"out\":\"b\"}", joined[1].Response!.Text);
        Assert.Equal((200, start), (joined[1].Status, joined[1].Time));
        var all = await rig.Reader.JoinAsync(window, withSilent: true, Token).ToListAsync(Token);
        Assert.Equal(["a", "b", "c"], all.Select(j => j.RequestId));
        Assert.Empty(all[2].Feedback);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Join_MoreFeedbackThanTheIndexHolds_GivesEachOnce(bool withSilent)
    {
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { MaxBatchRecords = 100 }).StartAsync();
        for (var i = 0; i < 1000; i++)
            rig.Capture.TryAdd(rig.Exchange($"{i}", response: $"{i}"));
        await Task.WhenAll(Enumerable.Range(0, 500).SelectMany(i => new[] { rig.SayAsync($"{i * 2}", $"{i}"), rig.SayAsync($"{i * 2}", $"{i}") }));
        await rig.FlushAsync();
        var place = new FeedbackStorage(rig.Options, rig.Directory, null!);
        using var opened = await place.OpenAsync(Token);
        var join = new FeedbackJoin(opened, new RecordSearch(place, opened, rig.Time)) { IndexBytes = 20_000 };

        var joined = await join.RunAsync(rig.Query(), withSilent, Token).ToListAsync(Token);

        Assert.Equal(withSilent ? 1000 : 500, joined.Select(j => j.RequestId).Distinct().Count());
        Assert.Equal(withSilent ? 1000 : 500, joined.Count);
        Assert.All(joined, j => Assert.Equal(j.RequestId, j.Response!.Text));
        Assert.Equal(1000, joined.Sum(j => j.Feedback.Count));
    }

    [Fact]
    public async Task Join_RecordsOfTheInheritedSystem_AreFoundInAnyOrder()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        await rig.SayAsync("a", "1");
        await rig.SayAsync("b", "2");
        await rig.FlushAsync();
        const string Hour = "wine/1.0/year=2026/month=03/day=04/2026030410_0.json";
        Write($"request_response/{Hour}", "{\"response_status\":\"200\",\"request_id\":\"a\",\"request_content\":\"A\",\"time\":\"2026-03-04 10:06:00 +0000\"}\nno json\n{\"request_id\":\"b\",\"request_content\":\"B\",\"time\":\"2026-03-04 10:06:00 +0000\"}\n");
        Write($"response_body/{Hour}", "{\"request_id\":\"b\",\"response_content\":\"b\"}\n{\"model_name\":\"wine\",\"request_id\":\"a\",\"response_content\":\"a\"}");
        Write("request_response/wine/1.0/year=2026/month=03/day=04/2026030410_1.json", "{\"request_id\":\"b\",\"request_content\":\"C\",\"time\":\"2026-03-04 10:06:00 +0000\"}\n");
        Write("request_response/wine/1.0/notes.txt", "not ours\n");

        var joined = await rig.Reader.JoinAsync(rig.Query(), withSilent: false, Token).ToListAsync(Token);

        Assert.Equal(["A-a", "B-b", "C-"], joined.Select(j => $"{j.Request.Text}-{j.Response?.Text}"));

        void Write(string key, string text)
        {
            var path = Path.Combine(rig.Directory, "model_log", key);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
    }

    [Fact]
    public async Task Join_OneRequestIdForSeveralModels_KeepsThemApart()
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        foreach (var (model, version) in ((string, string)[])[("wine", "1.0"), ("wine", "2.0"), ("other", "1.0")])
            rig.Capture.TryAdd(rig.Exchange("same", model: model, version: version));
        await rig.SayAsync("same", "1");
        await rig.SayAsync("same", "2", version: "2.0");
        var query = rig.Query() with { ModelName = null, ModelVersion = null };
        var joined = await rig.Reader.JoinAsync(query, withSilent: false, Token).ToListAsync(Token);
        Assert.Equal(["wine 1.0: 1", "wine 2.0: 2"], joined.Select(j => $"{j.ModelName} {j.ModelVersion}: {string.Join(' ', j.Feedback.Select(f => f.Payload!.Value.GetInt32()))}"));
        joined = await rig.Reader.JoinAsync(query, withSilent: true, Token).ToListAsync(Token);
        Assert.Equal([0, 1, 1], joined.Select(j => j.Feedback.Count).Order());
    }

    [Fact]
    public async Task Join_FeedbackThatNamesTheVersionOfToday_IsOfThePredictionAllTheSame()
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        rig.Capture.TryAdd(rig.Exchange("before", version: "1.0"));
        await rig.SayAsync("before", "1", version: "1.1");
        foreach (var version in new[] { "1.0", null })
        {
            var joined = await rig.Reader.JoinAsync(rig.Query() with { ModelVersion = version }, withSilent: false, Token).ToListAsync(Token);
            Assert.Equal("1.0", Assert.Single(joined).ModelVersion);
        }
        Assert.Empty(await rig.Reader.JoinAsync(rig.Query() with { ModelVersion = "1.1" }, withSilent: false, Token).ToListAsync(Token));
    }

    [Fact]
    public async Task List_RightBehindAnother_FindsWhatWasSentInBetween()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        for (var i = 1; i <= 3; i++)
        {
            await rig.SayAsync($"{i}");
            var pages = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => rig.Reader.ListAsync(rig.Query(), 100, null, Token)));
            Assert.All(pages, page => Assert.Equal(i, page.Items.Count));
        }
        // Those who ask together share what is written for them.
        Assert.Equal(3, rig.Keys.Count());
    }

    [Fact]
    public async Task Records_NestedAsDeepAsTheyOnceMightBe_AreRead()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        rig.Capture.TryAdd(rig.Exchange("deep"));
        await rig.SayAsync("deep", new string('[', 64) + new string(']', 64));
        await rig.SayAsync("flat", "1");
        Assert.Equal(["deep", "flat"], (await rig.Reader.ListAsync(rig.Query(), 10, null, Token)).Items.Select(f => f.RequestId));
        Assert.Equal("deep", Assert.Single(await rig.Reader.JoinAsync(rig.Query(), withSilent: false, Token).ToListAsync(Token)).RequestId);
    }

    [Fact]
    public async Task Join_BodiesThatAreNoText_SaySo()
    {
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { BodyLimit = 4 }).StartAsync();
        rig.Capture.TryAdd(rig.Exchange("a", [0xFF, 1], [1, 2, 3, 4, 5]));
        await rig.SayAsync("a");
        var joined = Assert.Single(await rig.Reader.JoinAsync(rig.Query(), withSilent: false, Token).ToListAsync(Token));
        Assert.Equal(new RecordedBody("/wE=", IsBase64: true, IsTruncated: false), joined.Request);
        Assert.Equal(new RecordedBody("\u0001\u0002\u0003\u0004", IsBase64: false, IsTruncated: true), joined.Response);
    }

    [Fact]
    public async Task Lines_LongerThanTheBuffer_AreWhole()
    {
        await using var rig = await new FeedbackRig(directory, isQuiet: true).StartAsync();
        var texts = Enumerable.Range(0, 30).Select(i => new string((char)('a' + (i % 26)), i * 12_345)).ToList();
        for (var i = 0; i < texts.Count; i++)
        {
            rig.Capture.TryAdd(rig.Exchange($"{i}", texts[i], texts[i]));
            await rig.SayAsync($"{i}");
        }
        var joined = await rig.Reader.JoinAsync(rig.Query(), withSilent: false, Token).ToListAsync(Token);
        Assert.Equal(texts, joined.Select(j => j.Request.Text));
        Assert.Equal(texts, joined.Select(j => j.Response!.Text));
    }

    [Fact]
    public async Task List_StorageThatCannotBeRead_SaysWhy()
    {
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { Connection = "gone" }).StartAsync();
        var error = await Assert.ThrowsAsync<ObjectStorageException>(() => rig.Reader.ListAsync(rig.Query(), 1, null, Token));
        Assert.Contains("'gone'", error.Message, StringComparison.Ordinal);
    }
}

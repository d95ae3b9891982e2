using Odin.Feedback;

namespace Odin.Tests.Feedback;

/// <summary>What users say is on the disk before they hear that it was taken, and comes into the storage once.</summary>
public sealed class FeedbackJournalTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Feedback_BecomesARecord_WithTheInheritedNames()
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        await rig.SayAsync("abc", "{\"correct\":true}");
        await rig.FlushAsync();
        Assert.Matches("^model_log/feedback/wine/1[.]0/year=2026/month=03/day=04/2026030410_[0-9a-f]{32}[.]json$", Assert.Single(rig.Keys));
        Assert.Equal(
            "{\"request_id\":\"abc\",\"model_version\":\"1.0\",\"model_name\":\"wine\",\"payload\":{\"json\":{\"correct\":true}},\"time\":\"2026-03-04 10:06:00 +0000\"}",
            Assert.Single(await File.ReadAllLinesAsync(Path.Combine(rig.Directory, Assert.Single(rig.Keys)), Token)));
        Assert.Empty(Directory.EnumerateFiles(rig.JournalDirectory));
    }

    [Fact]
    public async Task Add_AsManyAtOnce_AllAreInOneFileInTheEnd()
    {
        await using var rig = await new FeedbackRig(directory).StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => rig.SayAsync($"{i}")));
        Assert.Single(rig.Journal.Files);
        await rig.FlushAsync();
        Assert.Equal(500, rig.Records("model_log/feedback/").Select(r => (string?)r["request_id"]).Distinct().Count());
    }

    [Fact]
    public async Task Killed_Server_LeavesWhatTheNextOneSaves()
    {
        // Not started: nothing is saved, and what it had open is closed as by its end.
        using (var killed = new FeedbackJournal(new FeedbackOptions(), directory["journal"], TimeProvider.System))
        {
            var rig = new FeedbackRig(directory);
            await killed.AddAsync(new FeedbackRecord { RequestId = "a", ModelName = "wine", ModelVersion = "1.0", Time = rig.Time.GetUtcNow(), Payload = "{}"u8.ToArray() }, Token);
        }
        var file = Assert.Single(Directory.GetFiles(directory["journal"]));
        // It was killed in the middle of another one, which nobody was promised.
        await File.AppendAllTextAsync(file, "feedback/wine/1.0/year=2026/month=03/day=04/2026030410\t{\"request_id\":\"b", Token);

        await using var next = await new FeedbackRig(directory).StartAsync();
        await next.FlushAsync();
        Assert.Equal("a", (string?)Assert.Single(next.Records("model_log/feedback/"))["request_id"]);
        Assert.Empty(Directory.EnumerateFiles(next.JournalDirectory));
    }

    [Fact]
    public async Task Killed_BetweenSavingAndForgetting_DoublesNothing()
    {
        var line = JournalFile.Line("feedback/wine/1.0/year=2026/month=03/day=04/2026030410", "{\"request_id\":\"a\"}\n"u8);
        await using var rig = await new FeedbackRig(directory).StartAsync();
        for (var i = 0; i < 3; i++)
        {
            using (var file = JournalFile.Create(rig.JournalDirectory, "0123"))
                file.Append([line]);
            await rig.FlushAsync();
        }
        Assert.Single(rig.Records("model_log/feedback/"));
    }

    [Fact]
    public async Task Files_OfAnotherLivingServer_AreLeftAlone()
    {
        await using var other = new FeedbackRig(directory);
        await other.SayAsync("a");
        await using var rig = await new FeedbackRig(directory).StartAsync();
        await rig.FlushAsync();
        Assert.Empty(rig.Keys);
        await other.Journal.SealAsync(TimeSpan.Zero, Token);
        await rig.FlushAsync();
        Assert.Single(rig.Keys);
    }

    [Fact]
    public async Task Storage_Down_FeedbackIsTakenUpToABound_AndSavedWhenItIsBack()
    {
        await File.WriteAllTextAsync(directory["storage"], "", Token);
        await using var rig = await new FeedbackRig(directory, new FeedbackOptions { MaxJournal = 5000, MaxBatchBytes = 1000 }).StartAsync();
        var taken = 0;
        var refusal = await Assert.ThrowsAsync<FeedbackRefusedException>(async () =>
        {
            for (; taken < 1000; taken++)
            {
                await rig.SayAsync($"{taken}");
                await rig.Delivery.FlushAsync(Token);
            }
        });
        Assert.Contains("bytes wait for the storage", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(taken, 20, 60);

        File.Delete(directory["storage"]);
        await Eventually.True(
            () =>
            {
                rig.Time.Advance(TimeSpan.FromSeconds(5));
                return rig.Records("model_log/feedback/").Count == taken;
            },
            "everything is saved by itself");
        await rig.SayAsync("room again");
    }

    [Fact]
    public async Task Journal_NoDirectory_RefusesAndGoesOnWhenThereIsOne()
    {
        await File.WriteAllTextAsync(directory["journal"], "", Token);
        await using var rig = await new FeedbackRig(directory).StartAsync();
        await Assert.ThrowsAsync<FeedbackRefusedException>(() => rig.SayAsync("a"));
        File.Delete(directory["journal"]);
        await rig.SayAsync("b");
        await rig.FlushAsync();
        Assert.Equal("b", (string?)Assert.Single(rig.Records("model_log/feedback/"))["request_id"]);
    }

    [Fact]
    public async Task OneFile_ThatCannotBeSaved_DoesNotHoldUpTheOthers()
    {
        await using var rig = new FeedbackRig(directory);
        const string Partition = "feedback/wine/1.0/year=2026/month=03/day=04/2026030410";
        using (var file = JournalFile.Create(rig.JournalDirectory, "0000"))
            file.Append([JournalFile.Line(Partition, "{\"request_id\":\"first\"}\n"u8)]);
        // Where the object belongs there is a folder.
        var inTheWay = Directory.CreateDirectory(Path.Combine(rig.Directory, "model_log", $"{Partition}_0000.json", "x"));
        await rig.SayAsync("second");
        await rig.StartAsync();
        await rig.FlushAsync();
        Assert.Equal("second", (string?)Assert.Single(rig.Records("model_log/feedback/"))["request_id"]);
        Assert.EndsWith("0000.records", Assert.Single(rig.Journal.Files), StringComparison.Ordinal);
        // Nor those that come later, by themselves.
        await rig.SayAsync("third");
        await Eventually.True(() => Tick(rig) && rig.Records("model_log/feedback/").Count == 2, "the next one is saved");

        inTheWay.Parent!.Delete(recursive: true);
        await Eventually.True(() => Tick(rig) && rig.Journal.Files.Count == 0, "the first one is saved");
        Assert.Equal(3, rig.Records("model_log/feedback/").Count);

        static bool Tick(FeedbackRig rig)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(5));
            return true;
        }
    }

    [Fact]
    public async Task Damaged_Lines_DoNotHoldUpTheOthers()
    {
        await using var rig = new FeedbackRig(directory);
        using (var file = JournalFile.Create(rig.JournalDirectory, "0123"))
            file.Append(["no tab\n"u8.ToArray(), "../x\t{}\n"u8.ToArray(), JournalFile.Line("feedback/wine/1.0/2026030410", "{\"request_id\":\"a\"}\n"u8)]);
        await rig.StartAsync();
        await rig.FlushAsync();
        Assert.Equal("model_log/feedback/wine/1.0/2026030410_0123.json", Assert.Single(rig.Keys));
    }
}

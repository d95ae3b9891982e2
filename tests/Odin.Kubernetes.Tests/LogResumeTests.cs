using System.Text;

namespace Odin.Kubernetes.Tests;

public sealed class LogResumeTests
{
    private static readonly string Long = string.Concat(Enumerable.Range(0, 4000).Select(i => $"line {i}\n"));

    [Theory]
    [InlineData("", "whole log", "whole log")]
    [InlineData("whole", "whole log", " log")]
    [InlineData("whole log", "whole log", "")]
    public Task Skip_LogThatGrew_GivesTheRest(string stored, string log, string rest) => CheckAsync(stored, log, rest, fits: true);

    [Fact]
    public Task Skip_LongLog_GivesTheRest() => CheckAsync(Long[..20_000], Long, Long[20_000..], fits: true);

    [Fact]
    public Task Skip_BeginningThrownAway_GoesOnBehindWhatIsStored() => CheckAsync(Long[..30_000], Long[10_000..], Long[30_000..], fits: true);

    [Fact]
    public Task Skip_RepeatsItself_GoesByTheLengthWhileTheBeginningIsThere()
    {
        var log = string.Concat(Enumerable.Repeat("y\n", 20_000));
        return CheckAsync(log[..10_000], log, log[10_000..], fits: true);
    }

    [Fact]
    public Task Fits_NothingOfItLeft_IsFalse() => CheckAsync(Long[..10_000], "something else entirely\n" + Long[30_000..], null, fits: false);

    private static async Task CheckAsync(string stored, string log, string? rest, bool fits)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync(directory["log"], stored);
        foreach (var piece in new[] { 1, 7, 4096, 65_536 })
        {
            var resume = await LogResume.PrepareAsync(directory["log"], default);
            Assert.Equal(stored.Length == 0, resume.IsStart);
            if (!resume.IsStart)
                Assert.Equal(fits, await resume.FitsAsync(() => Task.FromResult<Stream>(new MemoryStream(Encoding.UTF8.GetBytes(log))), default));
            if (rest is null)
                continue;
            var got = new StringBuilder();
            foreach (var bytes in Encoding.UTF8.GetBytes(log).Chunk(piece))
                got.Append(Encoding.UTF8.GetString(resume.Skip(bytes).Span));
            Assert.Equal(rest, got.ToString());
        }
    }
}

using System.Text;
using Odin.Execution;

namespace Odin.Tests.Execution;

public sealed class LogStoreTests : IDisposable
{
    private static readonly ExecutionKey Key = new("run", "task");

    private readonly TemporaryDirectory directory = new();
    private readonly LogStore logs;

    public LogStoreTests() => logs = new LogStore(directory.Path, new LogOptions { MaxBytes = 64 << 10 });

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Read_NoLog_IsEmpty()
    {
        Assert.Equal("", await ReadAsync(new LogReadOptions()));
        Assert.False(logs.Exists(Key));
        Assert.Equal(0, logs.LengthOf(Key));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "three\n")]
    [InlineData(2, "two\nthree\n")]
    [InlineData(3, "one\ntwo\nthree\n")]
    [InlineData(9, "one\ntwo\nthree\n")]
    public async Task Read_Tail_StartsAtALine(int lines, string expected)
    {
        await AppendAsync("one\ntwo\nthree\n");
        Assert.Equal(expected, await ReadAsync(new LogReadOptions { TailLines = lines }));
    }

    [Fact]
    public async Task Read_TailOfUnfinishedLine_CountsIt()
    {
        await AppendAsync("one\ntwo\nthr");
        Assert.Equal("thr", await ReadAsync(new LogReadOptions { TailLines = 1 }));
        Assert.Equal("two\nthr", await ReadAsync(new LogReadOptions { TailLines = 2 }));
    }

    [Fact]
    public async Task Read_TailOverSeveralPieces_FindsTheLine()
    {
        var large = new LogStore(directory.Path);
        var text = "start\n" + new string('x', 200_000) + "\nend\n";
        await large.AppendAsync(Key, Encoding.UTF8.GetBytes(text), default);
        Assert.Equal(text[6..], await ReadAsync(new LogReadOptions { TailLines = 2 }, large));
        Assert.Equal(text, await ReadAsync(new LogReadOptions { TailLines = 3 }, large));
    }

    [Theory]
    [InlineData(3L, null, "3456789")]
    [InlineData(3L, 4L, "3456")]
    [InlineData(null, 2L, "01")]
    [InlineData(100L, null, "")]
    [InlineData(null, 0L, "")]
    public async Task Read_FromByteAndLimit_CutTheLog(long? from, long? limit, string expected)
    {
        await AppendAsync("0123456789");
        Assert.Equal(expected, await ReadAsync(new LogReadOptions { FromByte = from, Limit = limit }));
    }

    [Fact]
    public async Task Read_Follow_GetsWhatComesAndEndsAfterTheEnd()
    {
        var ended = new TaskCompletionSource();
        var lines = new List<string>();
        var reading = Task.Run(async () =>
        {
            await foreach (var line in logs.ReadLinesAsync(Key, new LogReadOptions { Follow = true }, _ => ended.Task, default))
            {
                lock (lines)
                    lines.Add(line);
            }
        });
        for (var i = 0; i < 5; i++)
        {
            await AppendAsync($"line {i}\n");
            var count = i + 1;
            await Eventually.True(() => Count(lines) == count, $"line {i} arrives");
        }
        await AppendAsync("unfinished");
        ended.SetResult();
        await reading.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(["line 0", "line 1", "line 2", "line 3", "line 4", "unfinished"], lines);
    }

    [Fact]
    public async Task Read_ManyFollowers_AllGetEverything()
    {
        var ended = new TaskCompletionSource();
        var readings = Enumerable.Range(0, 300).Select(_ => ReadAsync(new LogReadOptions { Follow = true }, logs, _ => ended.Task)).ToList();
        await AppendAsync("hello\n");
        ended.SetResult();
        foreach (var reading in readings)
            Assert.Equal("hello\n", await reading.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Read_FollowerLeaves_CancelsItsWaitForTheEnd()
    {
        await AppendAsync("one\ntwo\n");
        var cancelled = new TaskCompletionSource();
        await foreach (var _ in logs.ReadAsync(Key, new LogReadOptions { Follow = true }, Wait, default))
            break;
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(60));

        async Task Wait(CancellationToken token)
        {
            using var registration = token.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, token);
        }
    }

    [Fact]
    public async Task Read_FollowIsCancelled_Throws()
    {
        using var stop = new CancellationTokenSource();
        var next = logs.ReadAsync(Key, new LogReadOptions { Follow = true }, t => Task.Delay(Timeout.Infinite, t), stop.Token)
            .GetAsyncEnumerator(default).MoveNextAsync().AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Append_OverTheLimit_LeavesOutTheMiddle()
    {
        var line = new string('m', 99) + "\n";
        await AppendAsync("first\n");
        for (var i = 0; i < 100; i++)
            await AppendAsync(string.Concat(Enumerable.Repeat(line, 100)));
        await AppendAsync("last\n");
        Assert.Equal(1_000_011, logs.LengthOf(Key));
        var text = await ReadAsync(new LogReadOptions());
        Assert.StartsWith("first\n" + line, text, StringComparison.Ordinal);
        Assert.EndsWith(line + "last\n", text, StringComparison.Ordinal);
        Assert.Contains(" bytes were left out here: the log is limited to 65536 bytes\n", text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 64 << 10, 90 << 10);
        Assert.DoesNotContain('\0', text);
        // The offsets are the same as ever: what is at the end can be asked for by them.
        Assert.Equal("last\n", await ReadAsync(new LogReadOptions { FromByte = 1_000_006 }));
        Assert.StartsWith("[odin] ", await ReadAsync(new LogReadOptions { FromByte = 500_000 }), StringComparison.Ordinal);
        Assert.Equal(text[..5], await ReadAsync(new LogReadOptions { TailLines = 1_000_000, Limit = 5 }));
    }

    [Fact]
    public async Task Read_MiddleVanishesWhileReading_GivesTheNoticeInstead()
    {
        await AppendAsync(new string('a', 50_000) + "\n");
        var text = new StringBuilder();
        await using var reading = logs.ReadAsync(Key, new LogReadOptions { Follow = true }, t => Task.Delay(Timeout.Infinite, t), default).GetAsyncEnumerator(default);
        Assert.True(await reading.MoveNextAsync());
        text.Append(Encoding.UTF8.GetString(reading.Current.Span));
        for (var i = 0; i < 10; i++)
            await AppendAsync(new string('b', 50_000) + "\n");
        await AppendAsync("end");
        while (!text.ToString().EndsWith("end", StringComparison.Ordinal))
        {
            Assert.True(await reading.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
            text.Append(Encoding.UTF8.GetString(reading.Current.Span));
        }
        Assert.StartsWith(new string('a', 50_000) + "\n[odin] ", text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\0', text.ToString());
    }

    [Fact]
    public async Task ReadLines_OfAllKinds_AreText()
    {
        await logs.AppendAsync(Key, new byte[] { (byte)'a', 0xff, (byte)'b', (byte)'\r', (byte)'\n', (byte)'\n', 0xc3, 0xa4, (byte)'\n', 0 }, default);
        Assert.Equal(["a\uFFFDb", "", "ä", "\0"], await LinesAsync());
    }

    [Fact]
    public async Task ReadLines_TooLong_AreSplitBetweenCharacters()
    {
        var text = "x" + string.Concat(Enumerable.Repeat("ä", 50_000));
        var large = new LogStore(directory.Path);
        await large.AppendAsync(Key, Encoding.UTF8.GetBytes(text + "\nnext\n"), default);
        var lines = await LinesAsync();
        Assert.Equal("next", lines[^1]);
        Assert.Equal(3, lines.Count);
        Assert.Equal(text, lines[0] + lines[1]);
    }

    [Fact]
    public async Task DeleteGroup_RemovesItsLogs()
    {
        await AppendAsync("x");
        logs.DeleteGroup("run");
        logs.DeleteGroup("run");
        Assert.False(logs.Exists(Key));
    }

    [Theory]
    [InlineData("..", "x")]
    [InlineData("a/b", "x")]
    [InlineData("run", "../x")]
    [InlineData("run", "")]
    public void PathOf_LeadsOut_IsRefused(string group, string id) =>
        Assert.Throws<ArgumentException>(() => logs.PathOf(new ExecutionKey(group, id)));

    private static int Count(List<string> lines)
    {
        lock (lines)
            return lines.Count;
    }

    private Task AppendAsync(string text) => logs.AppendAsync(Key, Encoding.UTF8.GetBytes(text), default);

    private async Task<List<string>> LinesAsync()
    {
        var lines = new List<string>();
        await foreach (var line in logs.ReadLinesAsync(Key, new LogReadOptions(), _ => Task.CompletedTask, default))
            lines.Add(line);
        return lines;
    }

    private Task<string> ReadAsync(LogReadOptions options) => ReadAsync(options, logs);

    private static Task<string> ReadAsync(LogReadOptions options, LogStore store) => ReadAsync(options, store, _ => Task.CompletedTask);

    private static async Task<string> ReadAsync(LogReadOptions options, LogStore store, Func<CancellationToken, Task> ended)
    {
        var text = new StringBuilder();
        await foreach (var piece in store.ReadAsync(Key, options, ended, default))
        {
            Assert.InRange(piece.Length, 1, 64 << 10);
            text.Append(Encoding.UTF8.GetString(piece.Span));
        }
        return text.ToString();
    }
}

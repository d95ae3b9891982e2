using Odin.Execution;

namespace Odin.Tests.Execution;

/// <summary>Executions of several programs have a log for each of them.</summary>
public sealed class LogPartTests : IDisposable
{
    private static readonly ExecutionKey Key = new("run", "run--a");

    private readonly TemporaryDirectory directory = new();
    private readonly LogStore logs;

    public LogPartTests() => logs = new LogStore(directory.Path);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    private static LogPart Part(string name, string instance = "1", bool isMain = false) => new(name, instance, isMain);

    private Task WriteAsync(LogKey key, string text) => logs.AppendAsync(key, System.Text.Encoding.UTF8.GetBytes(text), Cancellation);

    [Fact]
    public async Task PartsOf_Several_AreListedTheMainOneFirstAndByNumber()
    {
        LogPart[] sorted = [Part("a-worker-0", "1", isMain: true), Part("a-launcher-x"), Part("a-worker-1", "1"), Part("a-worker-1", "2"), Part("a-worker-10")];
        Assert.Empty(logs.PartsOf(Key));
        foreach (var part in sorted.Reverse())
            await WriteAsync(new LogKey(Key, part), part.Name);
        await WriteAsync(Key, "own");

        Assert.Equal(sorted, new LogStore(directory.Path).PartsOf(Key));
        Assert.Equal("a-worker-10", await File.ReadAllTextAsync(logs.PathOf(new LogKey(Key, sorted[^1])), Cancellation));
        Assert.Equal("own", await File.ReadAllTextAsync(logs.PathOf(Key), Cancellation));
    }

    [Fact]
    public async Task Parts_OfOneExecution_AreNotThoseOfAnother()
    {
        await WriteAsync(new LogKey(Key, Part("pod")), "a");
        foreach (var id in (string[])["run--a-pod", "run--a.parts", "pod", "part~pod~1"])
        {
            var other = new ExecutionKey("run", id);
            Assert.Empty(logs.PartsOf(other));
            Assert.False(logs.Exists(other));
            await WriteAsync(other, "b");
        }
        Assert.Equal([Part("pod")], logs.PartsOf(Key));
        Assert.Equal("a", await File.ReadAllTextAsync(logs.PathOf(new LogKey(Key, Part("pod"))), Cancellation));
    }

    [Theory]
    [InlineData("../x", "1")]
    [InlineData("", "1")]
    [InlineData("x", ".")]
    [InlineData("x~y", "1")]
    [InlineData("x", "1~2")]
    public void PathOf_UnsafePart_Throws(string name, string instance) =>
        Assert.Throws<ArgumentException>(() => logs.PathOf(new LogKey(Key, Part(name, instance))));

    [Fact]
    public async Task DeleteGroup_TakesThePartsToo()
    {
        await WriteAsync(new LogKey(Key, Part("pod")), "a");
        logs.DeleteGroup("run");
        Assert.Empty(logs.PartsOf(Key));
        Assert.Empty(Directory.GetFileSystemEntries(directory.Path));
    }

    [Fact]
    public async Task FollowParts_ThatComeLater_AreToldUntilTheEnd()
    {
        await WriteAsync(new LogKey(Key, Part("one")), "a");
        var ended = new TaskCompletionSource();
        await using var parts = logs.FollowPartsAsync(Key, ended.Task, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await parts.MoveNextAsync());
        Assert.Equal("one", parts.Current.Name);
        var next = parts.MoveNextAsync().AsTask();
        await WriteAsync(new LogKey(Key, Part("two")), "b");
        Assert.True(await next.WaitAsync(TimeSpan.FromMinutes(1), Cancellation));
        Assert.Equal("two", parts.Current.Name);
        await WriteAsync(new LogKey(Key, Part("three")), "c");
        ended.SetResult();
        Assert.True(await parts.MoveNextAsync());
        Assert.Equal("three", parts.Current.Name);
        Assert.False(await parts.MoveNextAsync());
    }
}

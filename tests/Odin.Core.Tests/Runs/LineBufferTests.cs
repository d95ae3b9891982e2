using Odin.Runs;

namespace Odin.Tests.Runs;

public sealed class LineBufferTests
{
    private const int Most = 1000;

    private static readonly string Half = new('x', (Most / 2 - LineBuffer.Overhead) / sizeof(char));

    private readonly LineBuffer buffer = new(Most);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_MoreThanItHolds_WaitsForTheReader()
    {
        await buffer.WriteAsync(Half, Cancellation);
        await buffer.WriteAsync(Half, Cancellation);
        Assert.Equal(Most, buffer.Held);
        var third = buffer.WriteAsync("third", Cancellation).AsTask();
        var fourth = buffer.WriteAsync("fourth", Cancellation).AsTask();
        Assert.False(third.IsCompleted);
        Assert.False(fourth.IsCompleted);

        await using var lines = buffer.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await lines.MoveNextAsync());
        await Task.WhenAll(third, fourth).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        buffer.Complete(null);
        var rest = new List<string>();
        while (await lines.MoveNextAsync())
            rest.Add(lines.Current);
        Assert.Equal([Half, "third", "fourth"], rest);
        Assert.Equal(0, buffer.Held);
    }

    [Fact]
    public async Task Write_ALineLargerThanAll_PassesAlone()
    {
        var large = new string('y', 2 * Most);
        await buffer.WriteAsync(large, Cancellation);
        var next = buffer.WriteAsync("", Cancellation).AsTask();
        Assert.False(next.IsCompleted);
        await using var lines = buffer.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal(large, lines.Current);
        await next.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
    }

    [Fact]
    public async Task Write_GivenUp_LetsTheNextOneWrite()
    {
        await buffer.WriteAsync(new string('y', Most), Cancellation);
        using var stop = new CancellationTokenSource();
        var first = buffer.WriteAsync("first", stop.Token).AsTask();
        var second = buffer.WriteAsync("second", Cancellation).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(second.IsCompleted);
        await using var lines = buffer.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await lines.MoveNextAsync());
        await second.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("second", lines.Current);
    }

    [Fact]
    public async Task Read_CompletedWithAnError_HandsOutWhatThereWasAndThenTheError()
    {
        await buffer.WriteAsync("line", Cancellation);
        buffer.Complete(new IOException("gone"));
        await using var lines = buffer.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await lines.MoveNextAsync());
        await Assert.ThrowsAsync<IOException>(async () => await lines.MoveNextAsync());
    }
}

using Odin.Predictor.Calls;
using Odin.Predictor.Hosting;

namespace Odin.Predictor.Tests.Calls;

/// <summary>Which call goes when, to which worker, and with whom.</summary>
public sealed class CallQueueTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly CallTaker one = new(), two = new();
    private CallQueue queue;

    public CallQueueTests() => queue = Create(processors: 2);

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task Call_AloneOnAnIdleMachine_GoesAtOnce()
    {
        var batch = queue.TakeAsync(one);
        var call = Add();
        Assert.Equal([call], (await batch)!.Calls);
    }

    [Fact]
    public async Task Calls_BesideOneThatLeavesOneProcessor_GoTogetherWhenItEnds()
    {
        var (first, idle) = (queue.TakeAsync(one), queue.TakeAsync(two));
        Add();
        // The other one was the last to come free.
        await idle;
        var (second, third) = (Add(), Add());
        Assert.False(first.IsCompleted);
        queue.Done(two, TimeSpan.FromMilliseconds(1));
        var next = queue.TakeAsync(two);
        Assert.Equal([second, third], (await next)!.Calls);
        Assert.False(first.IsCompleted);
    }

    [Fact]
    public async Task Call_BesideOneThatTakesLong_GoesToTheOtherWorkerAfterThreeMilliseconds()
    {
        // The model has been slow.
        for (var i = 0; i < 50; i++)
        {
            var slow = queue.TakeAsync(one);
            Add();
            await slow;
            queue.Done(one, TimeSpan.FromSeconds(1));
        }
        var (idle, busy) = (queue.TakeAsync(two), queue.TakeAsync(one));
        Add();
        await busy;
        var call = Add();
        time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.False(idle.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Equal([call], (await idle)!.Calls);
    }

    [Fact]
    public async Task Call_WhereProcessorsAreFree_GoesToTheOtherWorkerAtOnce()
    {
        queue.Dispose();
        queue = Create(processors: 3);
        var (first, second) = (queue.TakeAsync(one), queue.TakeAsync(two));
        Add();
        Add();
        Assert.Single((await first)!.Calls);
        Assert.Single((await second)!.Calls);
    }

    [Fact]
    public async Task Call_SeveralIdle_GoesToTheOneThatEndedLast()
    {
        var (first, second) = (queue.TakeAsync(one), queue.TakeAsync(two));
        Add();
        await second;
        Assert.False(first.IsCompleted);
        queue.Done(two, TimeSpan.FromMilliseconds(1));
        var again = queue.TakeAsync(two);
        Add();
        await again;
        Assert.False(first.IsCompleted);
    }

    [Fact]
    public async Task Call_WithADelay_WaitsForOthersAsLongBesideOneThatRuns()
    {
        queue.Dispose();
        queue = Create(processors: 2, delay: TimeSpan.FromMilliseconds(20));
        var (idle, busy) = (queue.TakeAsync(one), queue.TakeAsync(two));
        Add();
        time.Advance(TimeSpan.FromMilliseconds(20));
        await busy;
        var call = Add();
        time.Advance(TimeSpan.FromMilliseconds(19));
        Assert.False(idle.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Equal([call], (await idle)!.Calls);
    }

    private CallQueue Create(int processors, TimeSpan delay = default) => new(new PredictorOptions { BatchDelay = delay }, time, processors);

    private PredictionCall Add()
    {
        var call = new PredictionCall(new PredictionInput(default, "[1]"u8.ToArray(), 1, [ValueKinds.Integer]), time.GetTimestamp(), long.MaxValue);
        Assert.True(queue.TryAdd(call));
        return call;
    }
}

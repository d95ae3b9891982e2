using Odin.Deployments;

namespace Odin.Tests.Deployments;

/// <summary>What is done with replicas, from a line such as <c>a:new:Ready b:old:Ready</c>.</summary>
public sealed class RolloutDeciderTests
{
    [Theory]
    [InlineData("", 2, true, 2, "")]
    [InlineData("", 2, false, 0, "")]
    [InlineData("a:new:Ready", 2, true, 1, "")]
    [InlineData("a:new:Starting", 1, true, 0, "")]
    [InlineData("a:new:Ready b:new:Ready", 1, true, 0, "b")]
    [InlineData("a:new:Ready b:new:Starting", 1, true, 0, "b")]
    [InlineData("a:new:Ready", 0, true, 0, "a")]
    [InlineData("a:new:Draining", 1, true, 1, "")]
    // The old ones go as the new ones become ready, and not before.
    [InlineData("a:old:Ready b:old:Ready", 2, true, 2, "")]
    [InlineData("a:old:Ready b:old:Ready c:new:Starting d:new:Starting", 2, true, 0, "")]
    [InlineData("a:old:Ready b:old:Ready c:new:Ready d:new:Starting", 2, true, 0, "b")]
    [InlineData("a:old:Ready b:old:Ready c:new:Ready d:new:Ready", 2, true, 0, "a b")]
    // What is not ready at the moment may be so again before the new one is.
    [InlineData("a:old:Starting", 1, true, 1, "")]
    [InlineData("a:old:Starting b:old:Ready", 1, true, 1, "a")]
    [InlineData("a:old:Starting b:new:Ready", 1, true, 0, "a")]
    // Nothing starts at the moment: what serves goes on.
    [InlineData("a:old:Ready", 1, false, 0, "")]
    [InlineData("a:old:Ready", 0, true, 0, "a")]
    public void Decide_Replicas(string replicas, int wanted, bool mayStart, int start, string drain)
    {
        var step = RolloutDecider.Decide(Read(replicas), "new", wanted, mayStart, fallback: 0);
        Assert.Equal((start, drain), (step.Start, string.Join(' ', step.Drain.Order())));
    }

    [Theory]
    [InlineData("", 2, 2, 2)]
    [InlineData("a:old:Ready", 2, 2, 1)]
    [InlineData("a:old:Starting b:older:Ready", 2, 2, 0)]
    [InlineData("a:new:Starting", 1, 1, 1)]
    // The newest serves: nothing of the old is needed.
    [InlineData("a:new:Ready", 2, 2, 0)]
    // No more than would be kept.
    [InlineData("", 1, 2, 1)]
    [InlineData("a:old:Draining", 1, 1, 1)]
    public void Decide_TheNewestDoesNotStart_OldOnesThatDiedComeBack(string replicas, int wanted, int fallback, int restore)
    {
        var before = Read(replicas);
        var step = RolloutDecider.Decide(before, "new", wanted, mayStart: false, fallback);
        Assert.Equal((restore, 0), (step.Restore, step.Drain.Count));
        // What it has restored it leaves alone.
        var after = before.Concat(Enumerable.Range(0, restore).Select(i => new Replica($"r{i}", "old", "unix:/x", ReplicaState.Starting, DateTimeOffset.UnixEpoch.AddDays(1)))).ToList();
        var next = RolloutDecider.Decide(after, "new", wanted, mayStart: false, fallback);
        Assert.Equal((0, 0), (next.Restore, next.Drain.Count));
    }

    [Fact]
    public void Decide_WithoutARevision_LeavesEverything()
    {
        var step = RolloutDecider.Decide(Read("a:old:Ready b:old:Starting"), null, 1, mayStart: true, fallback: 1);
        Assert.Equal((0, 0, 0), (step.Start, step.Restore, step.Drain.Count));
    }

    private static List<Replica> Read(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((word, i) => word.Split(':') is [var id, var revision, var state] ? new Replica(id, revision, "unix:/x", Enum.Parse<ReplicaState>(state), DateTimeOffset.UnixEpoch.AddSeconds(i)) : throw new FormatException(word))];
}

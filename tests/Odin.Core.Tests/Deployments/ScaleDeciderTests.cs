using Odin.Deployments;

namespace Odin.Tests.Deployments;

/// <summary>How many replicas a deployment is to have.</summary>
public sealed class ScaleDeciderTests
{
    private static readonly ScalingSettings Settings = new(10, TimeSpan.FromSeconds(60));

    [Theory]
    [InlineData(0, 5, 0, 0, 0, null, 0)]
    [InlineData(0, 5, 0, 0, 1, null, 1)]
    [InlineData(0, 5, 0, 0, 0, 59, 1)]
    [InlineData(0, 5, 0, 0, 0, 60, 0)]
    [InlineData(0, 5, 0.5, 0.5, 0, 0, 1)]
    [InlineData(0, 5, 10, 10, 0, 0, 1)]
    [InlineData(0, 5, 10.1, 10.1, 0, 0, 2)]
    [InlineData(0, 5, 1000, 1000, 0, 0, 5)]
    [InlineData(2, 5, 0, 0, 0, null, 2)]
    [InlineData(2, 5, 30, 30, 0, 0, 3)]
    public void Decide_ProvenDeployment_FollowsTheLoad(int min, int max, double now, double highest, int waiting, int? idleSeconds, int expected) =>
        Assert.Equal(expected, Decide(min, max, new ObservedLoad(now, highest, waiting, Seconds(idleSeconds)), present: 1));

    [Theory]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    [InlineData(9, 5)]
    public void Decide_LoadThatWasHigh_KeepsWhatThereIsAndStartsNothing(int present, int expected) =>
        Assert.Equal(expected, Decide(0, 5, new ObservedLoad(1, 50, 0, TimeSpan.FromSeconds(1)), present));

    [Fact]
    public void Decide_NobodyForAWhile_SleepsThoughTheLoadWasHigh() =>
        Assert.Equal(0, Decide(0, 5, new ObservedLoad(0, 50, 0, TimeSpan.FromSeconds(60)), present: 5));

    [Fact]
    public void Decide_NewRevision_StartsOneToSeeThatItWorks() =>
        Assert.Equal(1, ScaleDecider.Decide(new DeploymentSpec { MinReplicas = 0, MaxReplicas = 5 }, Settings, default, present: 0, isProven: false));

    [Theory]
    [InlineData(null, null, 10, 60)]
    [InlineData("2.5", "5m", 2.5, 300)]
    [InlineData("100", "1h", 100, 3600)]
    [InlineData("0", "0s", 10, 60)]
    [InlineData("x", "9999h", 10, 60)]
    [InlineData("-1", "60", 10, 60)]
    [InlineData("1e5", "1d", 10, 60)]
    [InlineData("1", "250ms", 1, 0.25)]
    public void Settings_OfAnnotations_AreTheirsOrTheDefault(string? target, string? window, double expectedTarget, double expectedSeconds)
    {
        var annotations = new Dictionary<string, string>();
        if (target is not null)
            annotations[ScalingSettings.TargetAnnotation] = target;
        if (window is not null)
            annotations[ScalingSettings.WindowAnnotation] = window;
        Assert.Equal(new ScalingSettings(expectedTarget, TimeSpan.FromSeconds(expectedSeconds)), ScalingSettings.Of(new DeploymentSpec { Annotations = annotations }, TimeSpan.FromSeconds(60)));
        var errors = new List<string>();
        ScalingSettings.Check(annotations, errors);
        Assert.Equal((target is not null && expectedTarget == 10 ? 1 : 0) + (window is not null && expectedSeconds == 60 ? 1 : 0), errors.Count);
    }

    [Fact]
    public void Load_OfRequests_IsTheirAverage()
    {
        var time = new ManualTime();
        var woken = 0;
        var load = new DeploymentLoad(time, () => woken++);
        Assert.Equal(new ObservedLoad(0, 0, 0, null), load.Observe());
        for (var i = 0; i < 4; i++)
            load.Arrive();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(4, load.Observe().Now, 3);
        for (var i = 0; i < 4; i++)
            load.Leave();
        time.Advance(TimeSpan.FromSeconds(5));
        var later = load.Observe();
        Assert.Equal((0, 4), (Math.Round(later.Now, 3), Math.Round(later.Highest, 3)));
        Assert.Equal(TimeSpan.FromSeconds(5), later.Idle);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, load.Observe().Highest, 3);
        load.Wait();
        Assert.Equal((1, 1), (woken, load.Observe().Waiting));
    }

    [Fact]
    public void Load_OfAReplica_WakesWhenItsLastRequestEndsAndSomebodyWaitsForThat()
    {
        var woken = 0;
        var load = new DeploymentLoad(new ManualTime(), () => woken++);
        load.Enter("a");
        load.Enter("a");
        load.HasDrain = true;
        load.Exit("a");
        Assert.Equal((1, 0), (load.RequestsOf("a"), woken));
        load.Exit("a");
        Assert.Equal((0, 1), (load.RequestsOf("a"), woken));
    }

    private static int Decide(int min, int max, ObservedLoad load, int present) =>
        ScaleDecider.Decide(new DeploymentSpec { MinReplicas = min, MaxReplicas = max }, Settings, load, present, isProven: true);

    private static TimeSpan? Seconds(int? seconds) => seconds is { } s ? TimeSpan.FromSeconds(s) : null;
}

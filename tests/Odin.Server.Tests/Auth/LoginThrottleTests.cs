using Odin.Server.Auth;

namespace Odin.Server.Tests.Auth;

public sealed class LoginThrottleTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void WaitFor_AFewFailures_IsFree()
    {
        using var throttle = new LoginThrottle(time);
        Fail(throttle, "ada", LoginThrottle.FreeFailuresOfUser - 1);
        Assert.Null(throttle.WaitFor("ada", "a"));
    }

    [Fact]
    public void WaitFor_MoreFailures_DoublesUpToAQuarterOfAnHour()
    {
        using var throttle = new LoginThrottle(time);
        Fail(throttle, "ada", LoginThrottle.FreeFailuresOfUser);
        Assert.Equal(TimeSpan.FromSeconds(1), throttle.WaitFor("ada", "a"));
        Fail(throttle, "ada", 1);
        Assert.Equal(TimeSpan.FromSeconds(2), throttle.WaitFor("ada", "a"));
        Fail(throttle, "ada", 30);
        Assert.Equal(TimeSpan.FromMinutes(15), throttle.WaitFor("ada", "a"));
        time.Advance(TimeSpan.FromMinutes(15));
        Assert.Null(throttle.WaitFor("ada", "a"));
    }

    [Fact]
    public void WaitFor_AnotherUserOrAddress_IsNotTouched()
    {
        using var throttle = new LoginThrottle(time);
        Fail(throttle, "ada", 10);
        Assert.Null(throttle.WaitFor("bob", "a"));
        Assert.Null(throttle.WaitFor("ada", "b"));
    }

    [Fact]
    public void WaitFor_ManyNamesFromOneAddress_SlowsTheAddressDown()
    {
        using var throttle = new LoginThrottle(time);
        for (var i = 0; i < LoginThrottle.FreeFailuresOfAddress; i++)
            throttle.Failed($"user{i}", "a");
        Assert.NotNull(throttle.WaitFor("ada", "a"));
    }

    [Fact]
    public void Succeeded_AfterFailures_ForgetsThem()
    {
        using var throttle = new LoginThrottle(time);
        Fail(throttle, "ada", 4);
        throttle.Succeeded("ada", "a");
        Fail(throttle, "ada", 4);
        Assert.Null(throttle.WaitFor("ada", "a"));
    }

    [Fact]
    public void Failed_AFloodOfNames_KeepsTheOneUnderAttack()
    {
        using var throttle = new LoginThrottle(time);
        Fail(throttle, "ada", 20);
        for (var i = 0; i < 2 * LoginThrottle.MaxEntries; i++)
            throttle.Failed($"user{i}", $"address{i}");
        Assert.NotNull(throttle.WaitFor("ada", "a"));
    }

    private static void Fail(LoginThrottle throttle, string user, int times)
    {
        for (var i = 0; i < times; i++)
            throttle.Failed(user, "a");
    }
}

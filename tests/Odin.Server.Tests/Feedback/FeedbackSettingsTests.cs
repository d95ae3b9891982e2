using Odin.Server.Feedback;
using Odin.Server.Hosting;

namespace Odin.Server.Tests.Feedback;

public sealed class FeedbackSettingsTests
{
    [Fact]
    public void BodyLimit_MoreThanTheGatewayKeeps_IsRefused()
    {
        Assert.Equal(1 << 20, Read("--feedback-body-limit", "1048576"));
        Assert.Equal(0, Read("--feedback-body-limit", "0"));
        var error = Assert.Throws<StartupException>(() => Read("--feedback-body-limit", "1048577"));
        Assert.Equal("--feedback-body-limit: '1048577' is not at most 1048576: the gateway keeps no more of a body, the rest goes through piece by piece.", error.Message);
    }

    private static int Read(params string[] arguments) => FeedbackSettings.Read(SettingValues.Read(arguments, _ => null)).BodyLimit;
}

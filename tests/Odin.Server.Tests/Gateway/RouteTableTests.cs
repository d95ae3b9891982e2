using Odin.Deployments;
using Odin.Resources;
using Odin.Routes;
using Odin.Server.Gateway;
using Route = Odin.Routes.Route;

namespace Odin.Server.Tests.Gateway;

/// <summary>Which route a path fits, and which target a request gets.</summary>
public sealed class RouteTableTests
{
    private readonly RouteTable table = new(new DeploymentLoads(TimeProvider.System), TimeProvider.System);

    [Theory]
    [InlineData("/model/wine", "wine", "")]
    [InlineData("/model/wine/", "wine", "/")]
    [InlineData("/model/wine/api/model/invoke", "wine", "/api/model/invoke")]
    [InlineData("/model/wine/v2/x", "inner", "/x")]
    [InlineData("/model/wines", null, null)]
    [InlineData("/model", null, null)]
    [InlineData("/", null, null)]
    [InlineData("", null, null)]
    [InlineData("/MODEL/wine", null, null)]
    public void Find_Path_TakesTheLongestPrefixOfWholeParts(string path, string? route, string? rest)
    {
        Set("wine", "/model/wine");
        Set("inner", "/model/wine/v2");
        var match = table.Find(path);
        Assert.Equal((route, rest), (match?.Route.Id, match?.Rest));
    }

    [Fact]
    public void Set_RouteThatMoves_LeavesItsOldAddress()
    {
        Set("r", "/custom/a");
        Set("r", "/custom/b");
        Assert.Null(table.Find("/custom/a"));
        Assert.Equal("r", table.Find("/custom/b")?.Route.Id);
        table.RemoveRoute("r");
        Assert.Null(table.Find("/custom/b"));
    }

    [Fact]
    public void Set_TwoRoutesOfOnePrefix_TheFirstHasItUntilItGoes()
    {
        Set("second", "/custom/a", minute: 2);
        Set("first", "/custom/a", minute: 1);
        Assert.Equal("first", table.Find("/custom/a")?.Route.Id);
        table.RemoveRoute("first");
        Assert.Equal("second", table.Find("/custom/a")?.Route.Id);
    }

    [Theory]
    [InlineData("a:100", 0, "a")]
    [InlineData("a:30 b:70", 0.29, "a")]
    [InlineData("a:30 b:70", 0.31, "b")]
    [InlineData("a:0 b:100", 0, "b")]
    [InlineData("a:100 b:0", 0.999999, "a")]
    [InlineData("a:0 b:0", 0.5, "a")]
    public void Choose_Place_FallsIntoTheWeights(string targets, double place, string expected) =>
        Assert.Equal(expected, TrafficSplitter.Choose([.. targets.Split(' ').Select(t => new RouteTarget(t.Split(':')[0], int.Parse(t.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)))], place).Deployment);

    [Fact]
    public void PlaceOf_Keys_IsTheSameEachTimeAndSpreadEvenly()
    {
        Assert.Equal(TrafficSplitter.PlaceOf("client-1"), TrafficSplitter.PlaceOf("client-1"));
        var places = Enumerable.Range(0, 10_000).Select(i => TrafficSplitter.PlaceOf($"client-{i}")).ToList();
        Assert.All(places, p => Assert.InRange(p, 0, 1));
        // Ten equal parts, each within a fifth of what is fair.
        Assert.All(places.GroupBy(p => (int)(p * 10)), g => Assert.InRange(g.Count(), 800, 1200));
    }

    [Theory]
    [InlineData("/custom", "/custom", true)]
    [InlineData("/custom/a", "/custom", true)]
    [InlineData("/customers", "/custom", false)]
    [InlineData("/anything", "/", true)]
    public void Begins_Prefix_ByWholeParts(string path, string prefix, bool expected) => Assert.Equal(expected, RoutePrefixes.Begins(path, prefix));

    [Theory]
    [InlineData("/", true)]
    [InlineData("/api/v1/model", true)]
    [InlineData("/v2/wine", true)]
    [InlineData("/metrics", true)]
    [InlineData("/custom/api", false)]
    [InlineData("/apis", false)]
    public void IsServers_Path(string path, bool expected) => Assert.Equal(expected, RoutePrefixes.IsServers(path));

    private void Set(string id, string prefix, int minute = 0) => table.Set(new Route(
        new ResourceMetadata { Id = id, Created = DateTimeOffset.UnixEpoch.AddMinutes(minute) }, new RouteSpec { UrlPrefix = prefix, Targets = [new RouteTarget("d", 100)] }, new RouteStatus()));
}

using System.Text;
using Odin.Server.Gateway;

namespace Odin.Server.Tests.Gateway;

/// <summary>What looks like a request for a model before anybody has read it.</summary>
public sealed class GatewayRequestLineTests
{
    [Theory]
    [InlineData("POST /model/wine/api/model/invoke HTTP/1.1\r\n", true)]
    [InlineData("GET /model/wine", true)]
    [InlineData("OPTIONS /custom/ab HTTP/1.1", true)]
    [InlineData("GET /model HTTP/1.1", false)]
    [InlineData("GET /models/ HTTP/1.1", false)]
    [InlineData("GET  /model/ HTTP/1.1", false)]
    [InlineData("GET /v1/jobs?x=/model/ HTTP/1.1", false)]
    [InlineData("PROPFIND /model/wine HTTP/1.1", false)]
    [InlineData("GET /mod", false)]
    [InlineData("POST", false)]
    [InlineData("", false)]
    public void Begins_ByTheFirstBytes(string bytes, bool expected) =>
        Assert.Equal(expected, new GatewayRequestLine(new GatewayOptions()).Begins(Encoding.ASCII.GetBytes(bytes)));

    [Fact]
    public void Begins_RoutesAnywhere_KnowsTheModelsOnly()
    {
        var line = new GatewayRequestLine(new GatewayOptions { CustomPrefix = "" });
        Assert.True(line.Begins("GET /model/wine HTTP/1.1"u8));
        Assert.False(line.Begins("GET /anything HTTP/1.1"u8));
    }
}

using System.Globalization;
using Odin.Cli.Servers;

namespace Odin.Cli.Tests.Servers;

public sealed class ConnectionResolverTests : IDisposable
{
    private readonly CliTest cli = new();

    public void Dispose() => cli.Dispose();

    [Fact]
    public void Resolve_NothingKnown_IsTheDefaultPort() => Assert.Equal("http://127.0.0.1:9003/", Resolve(new ConnectionFlags()));

    [Fact]
    public void Resolve_LocalServer_IsFound()
    {
        LocalServer("http://127.0.0.1:4711");
        var connection = Connection(new ConnectionFlags());
        Assert.Equal("http://127.0.0.1:4711/", connection.Url.AbsoluteUri);
        Assert.NotNull(connection.Local);
    }

    [Fact]
    public void Resolve_LocalServerGone_IsIgnored()
    {
        // Above the largest process id that Linux gives out.
        cli.File(".local/share/odin/server.json", """{"url":"http://127.0.0.1:4711","pid":4194305}""");
        Assert.Equal("http://127.0.0.1:9003/", Resolve(new ConnectionFlags()));
    }

    [Fact]
    public void Resolve_HalfWrittenDescription_IsIgnored()
    {
        cli.File(".local/share/odin/server.json", """{"url":"http://127""");
        Assert.Equal("http://127.0.0.1:9003/", Resolve(new ConnectionFlags()));
    }

    [Fact]
    public void Resolve_Precedence_FlagsEnvironmentContextLocal()
    {
        LocalServer("http://127.0.0.1:4711");
        Assert.Equal("http://127.0.0.1:4711/", Resolve(new ConnectionFlags()));

        cli.File(".config/odin/config.yml", "current: lab\ncontexts:\n  lab:\n    url: https://lab.example\n    username: ada\n  other:\n    url: http://other:1\n");
        Assert.Equal("https://lab.example/", Resolve(new ConnectionFlags()));
        Assert.Equal("ada", Connection(new ConnectionFlags()).Username);

        cli.Variables["ODIN_URL"] = "env.example";
        Assert.Equal("https://env.example:9003/", Resolve(new ConnectionFlags()));

        Assert.Equal("https://host.example:9003/", Resolve(new ConnectionFlags { Host = "host.example" }));
        Assert.Equal("http://other:1/", Resolve(new ConnectionFlags { Context = "other" }));
        Assert.Equal("http://flag:7/", Resolve(new ConnectionFlags { Url = "http://flag:7" }));
    }

    [Theory]
    [InlineData("localhost", null, null, "http://localhost:9003/")]
    [InlineData("127.0.0.1", "8000", null, "http://127.0.0.1:8000/")]
    [InlineData("odin.example", null, null, "https://odin.example:9003/")]
    [InlineData("odin.example", "80", "http", "http://odin.example/")]
    [InlineData("https://odin.example/base", null, null, "https://odin.example/base/")]
    [InlineData(null, "8000", null, "http://127.0.0.1:8000/")]
    [InlineData(null, null, "ws", "ws://127.0.0.1:30000/")]
    public void Resolve_Environment_AcceptsHostNameOrAddress(string? url, string? port, string? scheme, string expected)
    {
        Set("ODIN_URL", url);
        Set("ODIN_PORT", port);
        Set("ODIN_SCHEME", scheme);
        Assert.Equal(expected, Resolve(new ConnectionFlags()));
    }

    [Fact]
    public void Resolve_WebSocketScheme_TakesTheLocalServersPort()
    {
        LocalServer("http://127.0.0.1:4711", "ws://127.0.0.1:4712");
        Assert.Equal("ws://127.0.0.1:4712/", Resolve(new ConnectionFlags { Scheme = "ws" }));
    }

    [Fact]
    public void Resolve_OldName_TakesTheOriginalsDefaultsForMissingParts()
    {
        Assert.Equal("https://localhost:9003/", Resolve(new ConnectionFlags { Host = "localhost" }, stock: true));
        Assert.Equal("https://127.0.0.1:9443/", Resolve(new ConnectionFlags { Port = 9443 }, stock: true));
        Assert.Equal("http://127.0.0.1:9003/", Resolve(new ConnectionFlags(), stock: true));
    }

    [Fact]
    public void Resolve_FlagOnTopOfEnvironment_ChangesThatPart()
    {
        cli.Variables["ODIN_URL"] = "http://odin.example:9003";
        Assert.Equal("http://odin.example:9100/", Resolve(new ConnectionFlags { Port = 9100 }));
    }

    [Theory]
    [InlineData("ftp://x")]
    [InlineData("http://")]
    public void Resolve_NotAnAddress_IsMisuse(string url) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => Resolve(new ConnectionFlags { Url = url })).ExitCode);

    [Fact]
    public void Resolve_WrongPortVariable_IsMisuse()
    {
        cli.Variables["ODIN_PORT"] = "many";
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => Resolve(new ConnectionFlags())).ExitCode);
    }

    [Fact]
    public void Resolve_OtherPortOnThisMachine_IsNotTheLocalServer()
    {
        LocalServer("http://127.0.0.1:4711");
        Assert.Null(Connection(new ConnectionFlags { Url = "http://127.0.0.1:4712" }).Local);
        Assert.Null(Connection(new ConnectionFlags { Url = "http://odin.example:4711" }).Local);
    }

    private void LocalServer(string url, string? webSocketUrl = null) => cli.File(
        ".local/share/odin/server.json",
        string.Create(CultureInfo.InvariantCulture, $$"""{"url":"{{url}}","webSocketUrl":"{{webSocketUrl ?? "ws://127.0.0.1:30000"}}","pid":{{Environment.ProcessId}},"adminUser":"admin"}"""));

    private void Set(string variable, string? value)
    {
        if (value is not null)
            cli.Variables[variable] = value;
    }

    private Connection Connection(ConnectionFlags flags, bool stock = false) =>
        new ConnectionResolver(cli.Environment(TextWriter.Null, TextWriter.Null), stock).Resolve(flags);

    private string Resolve(ConnectionFlags flags, bool stock = false) => Connection(flags, stock).Url.AbsoluteUri;
}

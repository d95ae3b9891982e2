using Odin.Server.Auth;
using Odin.Server.Hosting;

namespace Odin.Server.Tests.Hosting;

public sealed class SettingTests : IDisposable
{
    // What 'openssl rand -hex 32' prints.
    private const string Secret = "c2d4f0a1b3e59687c2d4f0a1b3e59687c2d4f0a1b3e59687c2d4f0a1b3e59687";

    private readonly TemporaryDirectory directory = new();
    private readonly Dictionary<string, string> environment = [];

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Read_Nothing_HasTheDefaults()
    {
        var options = Read();
        Assert.Equal("http://127.0.0.1:9003", Assert.Single(options.Addresses).ToString());
        Assert.Equal(30000, options.WebSocketPort);
        Assert.Equal(AnonymousAccess.Loopback, options.Access.Anonymous);
        Assert.Equal(TimeSpan.FromHours(12), options.Jwt.Lifetime);
        Assert.Equal("com.interactions", options.Jwt.Issuer);
    }

    [Fact]
    public void Read_FileVariableAndFlag_TheStrongerSourceWins()
    {
        File.WriteAllText(directory["odin.yml"], "access: {anonymous: never, hosts: [a.example, b.example]}\nwebsocket:\n  port: 1\nurls: http://127.0.0.1:1\n");
        environment["ODIN_WEBSOCKET_PORT"] = "2";
        environment["ODIN_URLS"] = "http://127.0.0.1:2";
        var options = Read("--urls", "http://127.0.0.1:3;http://[::1]:3");

        Assert.Equal(["http://127.0.0.1:3", "http://[::1]:3"], options.Addresses.Select(a => a.ToString()));
        Assert.Equal(2, options.WebSocketPort);
        Assert.Equal(AnonymousAccess.Never, options.Access.Anonymous);
        Assert.Equal(["a.example", "b.example"], options.Access.Hosts);
    }

    [Fact]
    public void Read_DataDirectory_IsThatOfTheFlagThenOfTheFileThenOfTheVariable()
    {
        environment["XDG_DATA_HOME"] = directory["share"];
        Assert.Equal(directory["share/odin"], DataDirectory());
        environment["ODIN_DATA"] = directory["variable"];
        Assert.Equal(directory["variable"], DataDirectory());
        Assert.Equal(directory["flag"], DataDirectory("--data", directory["flag"]));

        environment.Remove("ODIN_DATA");
        File.WriteAllText(directory["other.yml"], $"data: {directory["file"]}\n");
        Assert.Equal(directory["file"], DataDirectory("--config", directory["other.yml"]));

        string DataDirectory(params string[] arguments) =>
            ServerOptionsReader.Read(SettingValues.Read(arguments, name => environment.GetValueOrDefault(name))).DataDirectory;
    }

    [Fact]
    public void Read_TheRoleOfAnAgent_ListensOnAllAddressesUnlessTold()
    {
        environment["ODIN_ROLE"] = "agent";
        Assert.Equal("http://0.0.0.0:29999", Assert.Single(Read().Addresses).ToString());
        Assert.Equal("http://0.0.0.0:3", Assert.Single(Read("--port", "3").Addresses).ToString());
        Assert.Equal("http://127.0.0.1:4", Assert.Single(Read("--port", "3", "--urls", "http://127.0.0.1:4").Addresses).ToString());
    }

    [Fact]
    public void Read_Agents_AreAddressesAndNames()
    {
        environment["ODIN_AGENTS"] = "http://gpu-1:29999; dns+https://midgard.odin.svc:29999";
        environment["ODIN_AGENT_TOKEN"] = "s3cret";
        var nodes = Read("--agent-timeout", "0.5s", "--agent-disks", "/;/data").Nodes;
        Assert.Equal(["http://gpu-1:29999/", "dns+https://midgard.odin.svc:29999/"], nodes.Agents.Select(a => a.ToString()));
        Assert.Equal((TimeSpan.FromSeconds(0.5), "s3cret"), (nodes.Timeout, nodes.Token));
        Assert.Equal(["/", "/data"], nodes.Disks);
        Assert.DoesNotContain("s3cret", Read().ToString() + nodes, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_InheritedVariables_AreUnderstood()
    {
        environment["ODIN_SECRET"] = Secret;
        environment["ODIN_AUTH_ISSUER"] = "me";
        environment["ODIN_TOKEN_DURATION"] = "60";
        environment["ODIN_ROOT_USER"] = "root";
        environment["ODIN_ROOT_PASS"] = "rootpw";
        environment["ODIN_GIT_NAME"] = "Ada";
        environment["ODIN_GIT_EMAIL"] = "ada@example.org";
        environment["ODIN_PIPELINES_MAIN"] = "main";
        environment["SQL_HOST"] = "db";
        environment["DB_PORT"] = "5433";
        environment["DB_USER"] = "u";
        environment["DB_PASS"] = "p;w";
        var options = Read();
        var engine = new OdinOptions();
        options.Engine(engine);

        Assert.Equal(Secret, options.Secret);
        Assert.Equal("me", options.Jwt.Issuer);
        Assert.Equal(TimeSpan.FromMinutes(1), options.Jwt.Lifetime);
        Assert.Equal(("root", "rootpw"), (options.AdminUser, options.AdminPassword));
        Assert.Equal(("Ada", "ada@example.org", "main"), (engine.Git.AuthorName, engine.Git.AuthorEmail, engine.Git.Branch));
        Assert.Equal("host=db;port=5433;username=u;password=\"p;w\";database=jobs_db", engine.Storage.Database!.ToLowerInvariant());
    }

    [Theory]
    [InlineData("--nope 1", "--nope")]
    [InlineData("--role master", "server, agent")]
    [InlineData("--port 9003", "--urls")]
    [InlineData("--role agent --port 70000", "--port")]
    [InlineData("--agents gpu-1:29999", "--agents")]
    [InlineData("--agents http://gpu-1:29999/v1", "--agents")]
    [InlineData("--agents dns+http://midgard", "--agents")]
    [InlineData("--agents dns+ftp://midgard:1", "--agents")]
    [InlineData("--agent-timeout 0", "--agent-timeout")]
    [InlineData("--agent-token x", "--agent-token")]
    [InlineData("--urls", "needs a value")]
    [InlineData("--urls=http://127.0.0.1:1 --urls=http://127.0.0.1:2", "twice")]
    [InlineData("--secret x", "--secret")]
    [InlineData("--urls ftp://x:1", "--urls")]
    [InlineData("--websocket-port 70000", "--websocket-port")]
    [InlineData("--websocket-port -1", "--websocket-port")]
    [InlineData("--access-anonymous sometimes", "loopback, always, never")]
    [InlineData("--access-anonymous 1", "--access-anonymous")]
    [InlineData("--max-parallel 0", "--max-parallel")]
    [InlineData("--retention soon", "--retention")]
    [InlineData("--token-duration 0", "--token-duration")]
    [InlineData("--admin-user ../x", "--admin-user")]
    [InlineData("--tls-certificate /nowhere", "--tls-certificate")]
    [InlineData("--log-level loud", "--log-level")]
    [InlineData("--config /nowhere/odin.yml", "/nowhere/odin.yml")]
    public void Read_AWrongFlag_NamesIt(string arguments, string expected)
    {
        var error = Assert.Throws<StartupException>(() => Read(arguments.Split(' ')));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.NotEqual(0, error.ExitCode);
    }

    [Theory]
    [InlineData("acces:\n  anonymous: never\n", "odin.yml:2:3: there is no setting 'acces.anonymous'")]
    [InlineData("urls: x\nurls: y\n", "odin.yml:2:1: ")]
    [InlineData("- a\n", "odin.yml:1:1: ")]
    [InlineData("urls: [\n", "odin.yml:2:1: ")]
    [InlineData("access:\n  anonymous: *all\n", "odin.yml:2:14: ")]
    public void Read_AWrongFile_NamesThePlace(string yaml, string expected)
    {
        File.WriteAllText(directory["odin.yml"], yaml);
        Assert.Contains(expected, Assert.Throws<StartupException>(() => Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AWrongVariable_NamesIt()
    {
        environment["ODIN_RETENTION"] = "x";
        Assert.Contains("ODIN_RETENTION: 'x'", Assert.Throws<StartupException>(() => Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AShortSecret_SaysHowToMakeOneAndKeepsItQuiet()
    {
        environment["ODIN_SECRET"] = "s3cret";
        var error = Assert.Throws<StartupException>(() => Read());
        Assert.Equal(ExitCodes.Configuration, error.ExitCode);
        Assert.Equal("ODIN_SECRET: its value is not at least 32 bytes long. Make one with: openssl rand -hex 32.", error.Message);
        // Bytes count, not characters.
        environment["ODIN_SECRET"] = new string('é', 16);
        Assert.NotNull(Read().Secret);
    }

    [Fact]
    public void All_Names_AreUnique()
    {
        Assert.Distinct(Settings.All.Select(s => s.Variable).Concat(Settings.All.SelectMany(s => s.Inherited)));
        Assert.Distinct(Settings.All.Select(s => s.Flag).OfType<string>());
        Assert.All(Settings.All, s => Assert.Contains(s.Variable, Usage.Text, StringComparison.Ordinal));
    }

    private ServerOptions Read(params string[] arguments) =>
        ServerOptionsReader.Read(SettingValues.Read(["--data", directory.Path, .. arguments], name => environment.GetValueOrDefault(name)));
}

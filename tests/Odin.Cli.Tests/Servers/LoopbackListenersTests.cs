using System.Net;
using System.Net.Sockets;
using Odin.Cli.Servers;

namespace Odin.Cli.Tests.Servers;

public sealed class LoopbackListenersTests : IDisposable
{
    // 9003 is 232B. Written by kernel 6.1 on a little-endian machine; the last line is an established connection.
    private const string Four = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:232B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 40963 1 0000000000000000 100 0 0 10 0
           1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 19325 1 0000000000000000 100 0 0 10 0
           2: 0A01A8C0:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 19326 1 0000000000000000 100 0 0 10 0
           3: 0200007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 19327 1 0000000000000000 100 0 0 10 0
           4: 0100007F:9D3A 0100007F:232B 01 00000000:00000000 00:00000000 00000000  1003        0 40970 1 0000000000000000 20 4 30 10 -1
           5: 0100007F:232B 0100007F:9D3A 01 00000000:00000000 00:00000000 00000000  1004        0 40971 1 0000000000000000 20 4 30 10 -1

        """;

    private const string Six = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000001000000:232B 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 40964 1 0000000000000000 100 0 0 10 0
           1: 00000000000000000000000000000000:7530 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 40965 1 0000000000000000 100 0 0 10 0
           2: 0000000000000000FFFF00000100007F:7531 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1002        0 40966 1 0000000000000000 100 0 0 10 0
           3: B80D01200000000000000000010000FE:7532 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1003        0 40967 1 0000000000000000 100 0 0 10 0

        """;

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(9003, new uint[] { 1000 })] // connections to and from the port do not count
    [InlineData(22, new uint[] { 0 })] // every address
    [InlineData(8080, new uint[] { 1001 })] // whatever the address
    [InlineData(8081, new uint[] { 1002 })]
    [InlineData(40250, new uint[] { })] // a connection's own end
    [InlineData(1, new uint[] { })]
    public void Read_TableOfVersionFour_HasThoseWhoListen(int port, uint[] expected) => Assert.Equal(expected, LoopbackListeners.Read(Four, port).Select(l => l.User));

    [Theory]
    [InlineData(9003, new uint[] { 1000 })]
    [InlineData(30000, new uint[] { 1001 })]
    [InlineData(30001, new uint[] { 1002 })]
    [InlineData(30002, new uint[] { 1003 })]
    public void Read_TableOfVersionSix_HasThoseWhoListen(int port, uint[] expected) => Assert.Equal(expected, LoopbackListeners.Read(Six, port).Select(l => l.User));

    [Theory]
    [InlineData("head\nnonsense\n")]
    [InlineData("head\n 0: 7F:232B 0:0 0A 0:0 0:0 0 1000 0 1\n")]
    [InlineData("head\n 0: 0100007F:232B 0:0 0A 0:0 0:0 0 many 0 1\n")]
    public void Read_SomethingElse_IsAnError(string table) => Assert.Throws<FormatException>(() => LoopbackListeners.Read(table, 9003));

    [Fact]
    public void Objection_OwnListener_IsNone()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Assert.Null(Real.Objection(At(((IPEndPoint)listener.LocalEndpoint).Port), null));
    }

    [Fact]
    public void Objection_OwnListenerOnEveryAddressOfBothVersions_IsNone()
    {
        using var listener = TcpListener.Create(0);
        listener.Start();
        Assert.Null(Real.Objection(At(((IPEndPoint)listener.LocalEndpoint).Port), null));
    }

    [Fact]
    public void Objection_NobodyListens_SaysSo() =>
        Assert.Contains("nobody listens", Real.Objection(At(FreePort.Find()), null), StringComparison.Ordinal);

    [Fact]
    public void Objection_Root_IsNone() => Assert.Null(On(Four).Objection(At(22), null));

    [Fact]
    public void Objection_AnotherUser_NamesThem()
    {
        var other = LoopbackListeners.Self + 1;
        var table = Four.Replace("  1000  ", $"  {other}  ", StringComparison.Ordinal);
        Assert.Equal($"another user of this machine (uid {other}) listens on port 9003", On(table).Objection(At(9003), null));
    }

    /// <summary>A service under a user of its own, and root at the terminal: who can read the password may have it.</summary>
    [Fact]
    public void Objection_TheOwnerOfThePassword_IsNone()
    {
        var service = LoopbackListeners.Self + 1;
        var listeners = On(Four.Replace("  1000  ", $"  {service}  ", StringComparison.Ordinal));
        Assert.NotNull(listeners.Objection(At(9003), null));
        Assert.NotNull(listeners.Objection(At(9003), service + 1));
        Assert.Null(listeners.Objection(At(9003), service));
    }

    [Theory]
    [InlineData("0100007F", "127.0.0.1", true)]
    [InlineData("0200007F", "127.0.0.1", false)] // another address of this machine
    [InlineData("00000000", "127.0.0.1", false)] // all of them, but ours is the nearer one
    [InlineData("0200007F", "127.0.0.2", true)]
    [InlineData("00000000", "127.0.0.2", true)]
    [InlineData("00000000000000000000000001000000", "127.0.0.1", false)]
    [InlineData("00000000000000000000000001000000", "::1", true)]
    [InlineData("00000000000000000000000000000000", "::1", true)]
    [InlineData("00000000000000000000000000000000", "127.0.0.2", true)]
    [InlineData("0000000000000000FFFF00000100007F", "127.0.0.1", true)]
    [InlineData("0000000000000000FFFF00000200007F", "127.0.0.1", false)]
    public void Objection_AnotherUserBesideOurs_OnlyWhereAConnectionLeadsToThem(string theirs, string address, bool expected)
    {
        static string Line(string hex, uint user) => $" 0: {hex}:232B 0:0 0A 0:0 0:0 0 {user} 0 1\n";
        var ours = Line("0100007F", LoopbackListeners.Self);
        var other = Line(theirs, LoopbackListeners.Self + 1);
        var listeners = theirs.Length == 8 ? On("head\n" + ours + other) : On("head\n" + ours, "head\n" + other);
        Assert.Equal(expected, listeners.Objection(new IPEndPoint(IPAddress.Parse(address), 9003), null) is { } objection && objection.Contains("another user", StringComparison.Ordinal));
    }

    [Fact]
    public void FileOwner_IsTheNumberOfTheUser()
    {
        File.WriteAllText(directory["file"], "");
        Assert.Equal(LoopbackListeners.Self, FileOwner.Of(directory["file"]));
        Assert.Null(FileOwner.Of(directory["none"]));
    }

    [Fact]
    public void Objection_NoTables_IsNotTakenForConsent() =>
        Assert.Contains("not known", new LoopbackListeners(directory["none"]).Objection(At(9003), null), StringComparison.Ordinal);

    private static IPEndPoint At(int port) => new(IPAddress.Loopback, port);

    private static LoopbackListeners Real { get; } = new("/proc/net");

    private LoopbackListeners On(string four, string? six = null)
    {
        File.WriteAllText(directory["tcp"], four);
        if (six is not null)
            File.WriteAllText(directory["tcp6"], six);
        return new LoopbackListeners(directory.Path);
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Odin.Cli.Servers;

/// <summary>One who listens.</summary>
/// <param name="Address">Never one of version 4 in the clothes of version 6.</param>
/// <param name="User">The user's number.</param>
internal readonly record struct TcpListenerEntry(IPAddress Address, uint User);

/// <summary>
/// Who listens on the TCP ports of this machine, as the kernel's tables say. Any user may listen on a port that a server of
/// ours has left, so what is meant for that server alone asks here first.
/// </summary>
/// <param name="directory">Where the tables <c>tcp</c> and <c>tcp6</c> are: <c>/proc/net</c>.</param>
internal sealed partial class LoopbackListeners(string directory)
{
    private const uint Root = 0;

    /// <summary>This user.</summary>
    public static uint Self => EffectiveUser();

    /// <summary>Why a secret must not be sent there, as a sentence; null: it is ours, or root's, who can read the secret anyhow.</summary>
    /// <param name="address">What a connection leads to.</param>
    /// <param name="owner">Another user whom the secret is for; null: none.</param>
    public string? Objection(IPEndPoint address, uint? owner)
    {
        List<TcpListenerEntry> there;
        try
        {
            there = On(address);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return $"it is not known who listens on port {address.Port}: {e.Message}";
        }
        if (there.Count == 0)
            return $"nobody listens on port {address.Port} of this machine";
        var self = Self;
        foreach (var (_, user) in there)
        {
            if (user != self && user != Root && user != owner)
                return $"another user of this machine (uid {user}) listens on port {address.Port}";
        }
        return null;
    }

    /// <summary>Who listens on the port, at whatever address.</summary>
    /// <param name="table">The text of <c>/proc/net/tcp</c> or <c>tcp6</c>.</param>
    /// <exception cref="FormatException">It is something else.</exception>
    public static IReadOnlyList<TcpListenerEntry> Read(string table, int port)
    {
        const int LocalAddress = 1, State = 3, User = 7;
        const string Listen = "0A";
        var listeners = new List<TcpListenerEntry>();
        // The first line names the columns.
        foreach (var line in table.Split('\n').Skip(1).Where(l => l.Length > 0))
        {
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length <= User || columns[LocalAddress].Split(':') is not [var hex, var localPort])
                throw new FormatException($"'{line.Trim()}' is not a line of the kernel's table");
            var address = Plain(Address(hex));
            if (columns[State] == Listen && int.Parse(localPort, NumberStyles.HexNumber, CultureInfo.InvariantCulture) == port)
                listeners.Add(new TcpListenerEntry(address, uint.Parse(columns[User], NumberStyles.None, CultureInfo.InvariantCulture)));
        }
        return listeners;
    }

    // The kernel prefers who listens at the very address to who listens at all of them.
    private List<TcpListenerEntry> On(IPEndPoint endPoint)
    {
        var all = new List<TcpListenerEntry>(Read(File.ReadAllText(Path.Combine(directory, "tcp")), endPoint.Port));
        // Absent where IPv6 is switched off.
        var six = Path.Combine(directory, "tcp6");
        if (File.Exists(six))
            all.AddRange(Read(File.ReadAllText(six), endPoint.Port));
        var address = Plain(endPoint.Address);
        var exact = all.Where(l => l.Address.Equals(address)).ToList();
        return exact.Count > 0
            ? exact
            // Who listens at all addresses of version 6 does so, as a rule, at those of version 4 too.
            : [.. all.Where(l => l.Address.Equals(IPAddress.IPv6Any) || (l.Address.Equals(IPAddress.Any) && address.AddressFamily == AddressFamily.InterNetwork))];
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // Words of four bytes, each written as a number of this machine: the bytes in memory are the address.
    private static IPAddress Address(string hex)
    {
        if (hex.Length is not (8 or 32))
            throw new FormatException($"'{hex}' is not an address of the kernel's table");
        var bytes = Enumerable.Range(0, hex.Length / 8)
            .SelectMany(i => BitConverter.GetBytes(uint.Parse(hex.AsSpan(i * 8, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        return new IPAddress(bytes.ToArray());
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}

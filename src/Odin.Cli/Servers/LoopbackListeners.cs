using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace Odin.Cli.Servers;

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

    /// <summary>Why a secret must not be sent to the port, as a sentence; null: it is ours, or root's, who can read the secret anyhow.</summary>
    public string? Objection(int port)
    {
        List<uint> users;
        try
        {
            users = Users(port);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return $"it is not known who listens on port {port}: {e.Message}";
        }
        if (users.Count == 0)
            return $"nobody listens on port {port} of this machine";
        var self = Self;
        foreach (var user in users)
        {
            if (user != self && user != Root)
                return $"another user of this machine (uid {user}) listens on port {port}";
        }
        return null;
    }

    /// <summary>The users in a table who listen on the port, at an address that a connection to the loopback interface may reach.</summary>
    /// <param name="table">The text of <c>/proc/net/tcp</c> or <c>tcp6</c>.</param>
    /// <exception cref="FormatException">It is something else.</exception>
    public static IReadOnlyList<uint> Users(string table, int port)
    {
        const int LocalAddress = 1, State = 3, User = 7;
        const string Listen = "0A";
        var users = new List<uint>();
        // The first line names the columns.
        foreach (var line in table.Split('\n').Skip(1).Where(l => l.Length > 0))
        {
            var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length <= User || columns[LocalAddress].Split(':') is not [var address, var localPort])
                throw new FormatException($"'{line.Trim()}' is not a line of the kernel's table");
            if (columns[State] != Listen || int.Parse(localPort, NumberStyles.HexNumber, CultureInfo.InvariantCulture) != port || !IsReached(Address(address)))
                continue;
            var user = uint.Parse(columns[User], NumberStyles.None, CultureInfo.InvariantCulture);
            if (!users.Contains(user))
                users.Add(user);
        }
        return users;
    }

    private List<uint> Users(int port)
    {
        var users = new List<uint>(Users(File.ReadAllText(Path.Combine(directory, "tcp")), port));
        // Absent where IPv6 is switched off.
        var six = Path.Combine(directory, "tcp6");
        if (File.Exists(six))
            users.AddRange(Users(File.ReadAllText(six), port));
        return users;
    }

    private static bool IsReached(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(plain) || plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any);
    }

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

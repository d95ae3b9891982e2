using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Odin.Testing;

/// <summary>An OpenSSH server on a free port that lets the user of this process in with one key.</summary>
internal sealed class SshServer : IDisposable
{
    private const string Program = "/usr/sbin/sshd";

    private readonly TemporaryDirectory directory = new();
    private Process? process;

    private SshServer(int port) => Port = port;

    public int Port { get; }

    public string KeyFile => directory["client"];

    /// <summary>Holds the key of this server.</summary>
    public string KnownHostsFile => directory["known hosts"];

    /// <summary>Holds another key for the address of this server.</summary>
    public string WrongKnownHostsFile => directory["known hosts wrong"];

    /// <summary>A key that the server does not know.</summary>
    public string StrangerKeyFile => directory["stranger"];

    public string UrlOf(string path) => $"ssh://{Environment.UserName}@127.0.0.1:{Port}{path}";

    /// <summary>Skips the test where OpenSSH's server is not installed.</summary>
    public static async Task<SshServer> StartAsync()
    {
        Assert.SkipUnless(File.Exists(Program), "Install OpenSSH's server for this test: apt-get install -y openssh-server");
        var server = new SshServer(FreePort.Find());
        await server.PrepareAsync();
        server.Start();
        await Eventually.True(server.IsListening, "sshd listens");
        return server;
    }

    public void Start()
    {
        process = Process.Start(new ProcessStartInfo(Program, ["-D", "-E", directory["log"], "-f", directory["config"]]))!;
    }

    public void Stop()
    {
        process?.Kill(entireProcessTree: true);
        process?.WaitForExit();
        process?.Dispose();
        process = null;
    }

    public void Dispose()
    {
        Stop();
        directory.Dispose();
    }

    private async Task PrepareAsync()
    {
        // Where sshd puts its unprivileged half; its start script makes it otherwise.
        if (Environment.UserName == "root")
            Directory.CreateDirectory("/run/sshd");
        foreach (var key in new[] { "host", "client", "stranger" })
            await TestProgram.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", directory[key]]);
        File.Copy(directory["client.pub"], directory["authorized"]);
        await File.WriteAllTextAsync(directory["config"], $"""
            Port {Port}
            ListenAddress 127.0.0.1
            HostKey {directory["host"]}
            AuthorizedKeysFile {directory["authorized"]}
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            PidFile none
            """);
        await TrustAsync(KnownHostsFile, "host.pub");
        await TrustAsync(WrongKnownHostsFile, "stranger.pub");
    }

    private async Task TrustAsync(string file, string key) =>
        await File.WriteAllTextAsync(file, $"[127.0.0.1]:{Port} {await File.ReadAllTextAsync(directory[key])}");

    private bool IsListening()
    {
        using var client = new TcpClient();
        try
        {
            client.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

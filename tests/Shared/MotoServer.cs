using System.Diagnostics;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace Odin.Testing;

/// <summary>
/// Moto's S3 on a free port, started when it is first asked for. It checks no signatures unless it is told to. Register it
/// with <c>[assembly: AssemblyFixture(typeof(MotoServer))]</c>.
/// </summary>
public sealed class MotoServer : IAsyncDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);
    private int buckets;
    private Process? process;

    public int Port { get; private set; }

    public string Endpoint => $"http://127.0.0.1:{Port}";

    /// <summary>Starts the server, or skips the test where Python has no moto.</summary>
    public async Task StartAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (process is not null)
                return;
            Assert.SkipUnless(await HasMotoAsync(), "The first python3 in the PATH has no moto, the S3 server of these tests: python3 -m pip install 'moto[server]'");
            Port = Port == 0 ? FreePort.Find() : Port;
            // Its output is of no use here, and a pipe that nobody reads would stop it.
            var started = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec python3 -m moto.server -H 127.0.0.1 -p \"$0\" >/dev/null 2>&1", $"{Port}"]))!;
            process = started;
            await Eventually.True(() => IsListening(Port), "moto listens");
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The name of a new, empty bucket.</summary>
    public async Task<string> CreateBucketAsync()
    {
        var name = $"bucket-{Interlocked.Increment(ref buckets)}";
        await CreateBucketAsync(name);
        return name;
    }

    /// <summary>Makes a bucket of that name.</summary>
    public async Task CreateBucketAsync(string name)
    {
        await StartAsync();
        using var client = new AmazonS3Client(
            new BasicAWSCredentials("test", "test"),
            new AmazonS3Config { ServiceURL = Endpoint, AuthenticationRegion = "us-east-1", ForcePathStyle = true });
        await client.PutBucketAsync(name);
    }

    /// <summary>SIGKILL. <see cref="StartAsync"/> starts it again, on the same port and with nothing in it.</summary>
    public void Kill()
    {
        process?.Kill(entireProcessTree: true);
        process?.WaitForExit();
        process?.Dispose();
        process = null;
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        gate.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static bool IsListening(int port)
    {
        using var client = new TcpClient();
        try
        {
            client.Connect("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<bool> HasMotoAsync()
    {
        using var probe = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec python3 -c 'import moto.server' >/dev/null 2>&1"]))!;
        await probe.WaitForExitAsync();
        return probe.ExitCode == 0;
    }
}

using System.Diagnostics;
using Amazon.Runtime;
using Amazon.S3;

namespace Odin.Testing;

/// <summary>
/// OpenStack Swift's S3 interface by <c>eng/test-swift</c>: an S3 server that checks signatures and knows no conditional
/// writes. <c>ODIN_TEST_SWIFT</c> names the endpoint of one that runs already, with the same user. Register it with
/// <c>[assembly: AssemblyFixture(typeof(SwiftServer))]</c>.
/// </summary>
public sealed class SwiftServer : IAsyncDisposable
{
    public const string KeyId = "test:tester";
    public const string KeySecret = "testing";

    private static readonly string Script = Path.Combine(SourceTree.Root, "eng/test-swift");

    private readonly SemaphoreSlim gate = new(1, 1);
    private Process? process;

    public string Endpoint { get; private set; } = "";

    /// <summary>Starts the server, or skips the test where it is not installed.</summary>
    public async Task StartAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (Endpoint.Length > 0)
                return;
            if (Environment.GetEnvironmentVariable("ODIN_TEST_SWIFT") is { Length: > 0 } given)
            {
                Endpoint = given;
                return;
            }
            Assert.SkipUnless(IsInstalled(), "Swift, the strict S3 server of these tests, is not installed: run eng/test-swift install as root.");
            // Four ports in a row, of which we can only know that one is free.
            var port = FreePort.Find();
            process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" run \"$1\" >/dev/null 2>&1", Script, $"{port}"]))!;
            await Eventually.True(
                () => Task.FromResult(process.HasExited || Enumerable.Range(port, 4).All(MotoServer.IsListening)), "the four servers of Swift listen", TimeSpan.FromMinutes(2));
            Assert.False(process.HasExited, $"eng/test-swift run {port} has ended; try it by hand.");
            Endpoint = $"http://127.0.0.1:{port}";
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>The name of a new, empty bucket.</summary>
    public async Task<string> CreateBucketAsync()
    {
        await StartAsync();
        var name = $"odin-{Guid.NewGuid():N}";
        using var client = new AmazonS3Client(
            new BasicAWSCredentials(KeyId, KeySecret),
            new AmazonS3Config { ServiceURL = Endpoint, AuthenticationRegion = "us-east-1", ForcePathStyle = true });
        await client.PutBucketAsync(name);
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            // It takes its servers and files along; killed hard, it could not.
            using (var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
                await kill.WaitForExitAsync();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        gate.Dispose();
    }

    private static bool IsInstalled()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var place = Environment.GetEnvironmentVariable("ODIN_TEST_SWIFT_ROOT") is { Length: > 0 } root ? root : Path.Combine(cache, "odin/swift");
        return Environment.IsPrivilegedProcess && File.Exists(Path.Combine(place, "usr/bin/swift-proxy-server"));
    }
}

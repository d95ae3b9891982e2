using System.Diagnostics;
using System.Net.Http;
using Odin.Images;

namespace Odin.Testing;

/// <summary>
/// docker-registry on a free port with a user and a password, started when it is first asked for. Register it with
/// <c>[assembly: AssemblyFixture(typeof(RegistryServer))]</c>.
/// </summary>
public sealed class RegistryServer : IAsyncDisposable
{
    public const string UserName = "person";
    public const string Password = "pass:word";

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly string directory = Directory.CreateTempSubdirectory("odin-registry-").FullName;
    private Process? process;

    public int Port { get; private set; }

    public string Host => $"127.0.0.1:{Port}";

    public static RegistryCredentials Credentials { get; } = new(UserName, Password);

    /// <summary>Starts the server, or skips the test where it is not installed.</summary>
    public async Task StartAsync()
    {
        await gate.WaitAsync();
        try
        {
            if (process is not null)
                return;
            Assert.SkipUnless(IsInstalled("docker-registry") && IsInstalled("htpasswd"), "docker-registry or htpasswd is not installed: apt-get install docker-registry apache2-utils");
            await TestProgram.RunAsync("htpasswd", ["-Bbc", Path.Combine(directory, "users"), UserName, Password]);
            Port = FreePort.Find();
            await File.WriteAllTextAsync(Path.Combine(directory, "registry.yml"), $$"""
                version: 0.1
                log: {level: error}
                storage:
                  filesystem: {rootdirectory: "{{directory}}/data"}
                  delete: {enabled: true}
                http: {addr: "127.0.0.1:{{Port}}"}
                auth:
                  htpasswd: {realm: tests, path: "{{directory}}/users"}
                """);
            await RestartAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Kills the server, if it runs, and starts it on the same port with what it had.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec docker-registry serve \"$0\" >\"$0.log\" 2>&1", Path.Combine(directory, "registry.yml")]))!;
        await Eventually.True(() => MotoServer.IsListening(Port), "docker-registry listens");
    }

    public async Task StopAsync()
    {
        if (process is null)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    /// <summary>A repository of a name that no other test uses.</summary>
    internal async Task<RemoteRepository> CreateRepositoryAsync(string name = "models/wine", RegistryOptions? options = null)
    {
        await StartAsync();
        return new RemoteRepository(Host, $"{name}-{Guid.NewGuid():N}", Credentials, options);
    }

    /// <summary>A client that is the user.</summary>
    public HttpClient CreateClient()
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{Host}/") };
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{UserName}:{Password}")));
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        gate.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    internal static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}

using System.Diagnostics;

namespace Odin.Testing;

/// <summary>podman, buildah and skopeo with a storage of their own, that goes away with it. They need root here.</summary>
internal sealed class ContainerTool : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryDirectory directory = new();

    /// <summary>Skips the test where one is not installed.</summary>
    public ContainerTool(params string[] needed)
    {
        foreach (var program in needed)
            Assert.SkipUnless(RegistryServer.IsInstalled(program), $"{program} is not installed: apt-get install podman buildah skopeo runc");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Containers on this machine need root.");
        // Nothing of the person's who runs the tests: neither where registries are looked for nor passwords.
        File.WriteAllText(directory["auth.json"], "{}");
        File.WriteAllText(directory["policy.json"], """{"default":[{"type":"insecureAcceptAnything"}]}""");
        File.WriteAllText(directory["registries.conf"], "unqualified-search-registries = []\n[[registry]]\nlocation = \"127.0.0.1\"\ninsecure = true\n");
        File.WriteAllText(directory["storage.conf"], $"""
            [storage]
            driver = "vfs"
            graphroot = "{directory["root"]}"
            runroot = "{directory["run"]}"
            """);
    }

    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["DOCKER_HOST"] = RealDocker ?? $"unix://{DockerSocket}",
        ["CONTAINERS_CONF"] = Environment.GetEnvironmentVariable("CONTAINERS_CONF") is { Length: > 0 } set ? set : Path.Combine(SourceTree.Root, "deploy/containers.conf"),
        ["CONTAINERS_STORAGE_CONF"] = directory["storage.conf"],
        ["CONTAINERS_REGISTRIES_CONF"] = directory["registries.conf"],
        ["REGISTRY_AUTH_FILE"] = directory["auth.json"],
        ["HOME"] = directory.Path,
        ["XDG_RUNTIME_DIR"] = directory.Path,
    };

    /// <summary>Of a real daemon of Docker's: <c>unix:///run/docker.sock</c>. Null: podman answers in its place.</summary>
    private static string? RealDocker => Environment.GetEnvironmentVariable("ODIN_TEST_DOCKER_HOST") is { Length: > 0 } host ? host : null;

    private string DockerSocket => directory["docker.sock"];

    /// <summary>Lets podman answer as Docker's daemon does, until it is disposed, unless there is one.</summary>
    public async Task<IAsyncDisposable?> ServeDockerAsync()
    {
        if (RealDocker is not null)
            return null;
        var start = new ProcessStartInfo("podman", ["system", "service", "--time", "0", $"unix://{DockerSocket}"]);
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        var service = new Service(Process.Start(start)!);
        await Eventually.True(() => File.Exists(DockerSocket), "podman answers in the place of Docker's daemon");
        return service;
    }

    /// <summary>Standard output without the last line end.</summary>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, output, errors) = await TryAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}: {errors}{output}");
        return output.TrimEnd('\n');
    }

    public async Task<(int Code, string Output, string Errors)> TryAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Deadline);
        return (process.ExitCode, await output, await errors);
    }

    public void Dispose() => directory.Dispose();

    private sealed class Service(Process process) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}

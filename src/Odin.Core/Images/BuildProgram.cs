using System.ComponentModel;
using System.Diagnostics;

namespace Odin.Images;

/// <summary>Runs buildah, podman or docker: an argument list, a chosen environment, every line of output into the log.</summary>
internal sealed class BuildProgram
{
    public const string Docker = "docker";

    private static readonly string[] Known = ["buildah", "podman", Docker];

    private const int LinesKept = 20, LongestLine = 4000;

    /// <summary>What of this process's environment the program may have: none of it is a secret of ours.</summary>
    private static readonly string[] Allowed =
    [
        "PATH", "HOME", "TMPDIR", "LANG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF", "CONTAINERS_REGISTRIES_CONF", "BUILDAH_ISOLATION", "STORAGE_DRIVER", "STORAGE_OPTS",
        "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION", "DOCKER_BUILDKIT",
    ];

    private readonly string path;
    private readonly IReadOnlyDictionary<string, string> environment;

    /// <exception cref="ImageException">There is no such program.</exception>
    public BuildProgram(string? wanted, IReadOnlyDictionary<string, string> environment)
    {
        var names = wanted is null ? Known : [wanted];
        this.environment = environment;
        path = names.Select(Find).FirstOrDefault(found => found is not null)
            ?? throw new ImageException(
                $"The image needs commands to be run in it, for which there is no {(wanted is null ? "buildah, podman or docker" : $"'{wanted}'")} here. Install one of buildah, podman and docker, or use a base image that has the environment already and the builder 'layers'.", isPassing: false);
        Name = Path.GetFileName(path);
        if (!Known.Contains(Name))
            throw new ImageException($"Images are built with buildah, podman or docker, not with '{Name}'.", isPassing: false);
    }

    public string Name { get; }

    /// <summary>Runs it to its end; whoever cancels kills it with all that it has started.</summary>
    /// <returns>The last line of its standard output.</returns>
    /// <param name="directory">Its working directory. Passwords are looked for in it, and there are none.</param>
    /// <exception cref="ImageException">It failed; the message has its last words.</exception>
    public async Task<string> RunAsync(string directory, IReadOnlyList<string> arguments, Func<string, CancellationToken, Task> log, CancellationToken cancellationToken)
    {
        using var process = Start(directory, arguments);
        using var gate = new SemaphoreSlim(1, 1);
        var last = new Queue<string>();
        var result = "";
        try
        {
            await Task.WhenAll(CopyAsync(process.StandardOutput, line => result = line), CopyAsync(process.StandardError, _ => { }));
            await process.WaitForExitAsync(cancellationToken);
        }
        finally
        {
            Kill(process);
        }
        return process.ExitCode == 0 ? result
            : throw new ImageException($"'{Name} {arguments[0]}' ended with exit code {process.ExitCode}. Its last words: {string.Join(" / ", last.TakeLast(5))}", isPassing: false);

        async Task CopyAsync(StreamReader reader, Action<string> see)
        {
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (line.Length == 0)
                    continue;
                line = line.Length > LongestLine ? $"{line[..LongestLine]}…" : line;
                await gate.WaitAsync(cancellationToken);
                try
                {
                    see(line);
                    last.Enqueue(line);
                    if (last.Count > LinesKept)
                        last.Dequeue();
                    await log(line, cancellationToken);
                }
                finally
                {
                    gate.Release();
                }
            }
        }
    }

    /// <summary>Removes images from the program's storage, also when the build was cancelled, so with a deadline of its own.</summary>
    public async Task RemoveAsync(string directory, IReadOnlyList<string> images)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        foreach (var image in images.Reverse())
        {
            try
            {
                await RunAsync(directory, ["rmi", "--force", image], (_, _) => Task.CompletedTask, limit.Token);
            }
            catch (Exception e) when (e is ImageException or OperationCanceledException)
            {
                // It may be gone with the other one, or used by another build.
            }
        }
    }

    private static string? Find(string name)
    {
        if (name.Contains('/'))
            return File.Exists(name) ? Path.GetFullPath(name) : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended between the question and the blow.
        }
    }

    private Process Start(string directory, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        start.Environment.Clear();
        foreach (var name in Allowed)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
                start.Environment[name] = value;
        }
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        // Not the passwords of whoever runs this.
        var settings = Path.Combine(directory, "config.json");
        File.WriteAllText(settings, "{}");
        start.Environment["REGISTRY_AUTH_FILE"] = settings;
        start.Environment["DOCKER_CONFIG"] = directory;
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new ImageException($"'{path}' cannot be started: {e.Message}", isPassing: false, e);
        }
    }
}

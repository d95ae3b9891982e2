using System.Diagnostics;
using System.Runtime.InteropServices;
using Odin.Cli.Servers;

namespace Odin.Cli.Demo;

/// <summary>A server of the demo's own, on free ports and a data directory of its own.</summary>
internal sealed partial class DemoServer : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);
    private readonly Process process;
    private readonly TimeProvider time;
    private bool keep;

    private DemoServer(Process process, string data, TimeProvider time)
    {
        (this.process, this.time) = (process, time);
        DataDirectory = data;
    }

    public string DataDirectory { get; }

    public string LogFile => Path.Combine(DataDirectory, "server.log");

    public int ProcessId => process.Id;

    /// <summary>Known once the server is ready.</summary>
    public LocalServer Address { get; private set; } = null!;

    /// <summary>Starts the program and returns when it answers.</summary>
    public static async Task<DemoServer> StartAsync(string data, TimeProvider time, CancellationToken cancellationToken)
    {
        var log = Path.Combine(data, "server.log");
        try
        {
            DemoDirectory.Prepare(data);
            // The server greets with the password of its first user.
            PrivateFile.Write(log, "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failure, $"the directory '{data}' cannot be made: {e.Message}", "Name another one with --data.");
        }
        var program = ServerProgram.Find();
        // The shell gives it a log file and spares it the terminal's hang-up, so that it can outlive this program.
        const string Script = "trap '' HUP; exec \"$@\" >\"$ODIN_DEMO_LOG\" 2>&1 </dev/null";
        var start = new ProcessStartInfo("/bin/sh", [
            "-c", Script, "sh", program.Path, .. program.Arguments,
            "--data", data, "--urls", "http://127.0.0.1:0", "--websocket-port", "0",
        ]);
        start.Environment["ODIN_DEMO_LOG"] = log;
        // Trainings run with it; the script that starts this program has looked for one that can learn.
        if (start.Environment.TryGetValue("ODIN_DEMO_PYTHON", out var python))
            start.Environment.TryAdd("ODIN_PYTHON", python);
        var server = new DemoServer(Process.Start(start)!, data, time);
        try
        {
            await server.WaitAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leaves the server running.</summary>
    public void Keep() => keep = true;

    /// <summary>Stops the server, gently first, unless it is to be kept.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!keep && !process.HasExited)
        {
            _ = Signal(process.Id, Terminate);
            using var limit = new CancellationTokenSource(StopLimit, time);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        process.Dispose();
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < StartLimit)
        {
            if (process.HasExited)
            {
                var log = await LogTailAsync(cancellationToken);
                throw new CliException(
                    ExitCode.Unavailable,
                    $"the server ended with exit code {process.ExitCode}:\n{log}",
                    $"Its whole log is '{LogFile}'.");
            }
            // A directory that was used before may hold the description of a server that is gone.
            if (LocalServer.Find(DataDirectory) is { } found && found.ProcessId == process.Id && await AnswersAsync(http, found.Url, cancellationToken))
            {
                Address = found;
                return;
            }
            await Task.Delay(Pause, time, cancellationToken);
        }
        throw new CliException(ExitCode.Unavailable, $"the server was not ready within {StartLimit.TotalSeconds} s", $"Its log is '{LogFile}'.");
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri url, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(url, "/healthz"), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<string> LogTailAsync(CancellationToken cancellationToken) => File.Exists(LogFile)
        ? string.Join('\n', (await File.ReadAllLinesAsync(LogFile, cancellationToken)).TakeLast(20))
        : "it wrote nothing";

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
